"""What changes a pooler: its commands, each on a connection of its own and in the audit log."""

from __future__ import annotations

import asyncio
from typing import Literal

from msgspec import Struct

from console.activity import audit
from console.errors import ConsoleError, ServerError
from console.server.admin_console import admin_console
from console.server.target import Target
from console.sql.quoting import plain_literal, quoted

Verb = Literal["PAUSE", "RESUME", "RECONNECT", "RELOAD", "KILL", "ENABLE", "DISABLE", "SET", "KILL_CLIENT"]

OF_ALL: tuple[Verb, ...] = ("PAUSE", "RESUME", "RECONNECT", "RELOAD")
"""Those that there are for the whole pooler, whatever its version."""

OF_DATABASE: tuple[Verb, ...] = ("PAUSE", "RESUME", "RECONNECT", "KILL", "DISABLE", "ENABLE")


class PoolerCommand(Struct, frozen=True):
    """A command; `subject` is the database (None: the whole pooler), with SET the setting, which becomes `value`, with
    KILL_CLIENT the id of a client (1.24+), which no other has while the pooler runs; `whom` is that one in words."""

    verb: Verb
    subject: str | None = None
    value: str | None = None
    whom: str = ""

    @property
    def text(self) -> str:
        """What PgBouncer is told."""
        if self.verb == "SET":
            return f"SET {self.subject} = {plain_literal(self.value or '')}"
        if self.verb == "KILL_CLIENT":
            return f"KILL_CLIENT {self.subject}"
        return self.verb if self.subject is None else f"{self.verb} {quoted(self.subject)}"

    @property
    def undo(self) -> PoolerCommand | None:
        """What ends the state that it brings about: a paused pooler stays so whoever leaves."""
        return PoolerCommand("RESUME", self.subject) if self.verb in ("PAUSE", "KILL") else None


async def run(target: Target, command: PoolerCommand, password: str | None = None) -> str:
    """Runs it for as long as it takes and returns what PgBouncer said; asked and outcome are in the audit log.

    Cancelling the task closes the connection but doesn't undo what the command has begun: see `PoolerCommand.undo`.
    Raises ConsoleError, also where the log can't be written.
    """
    facts = {"action": command.text, "target": target.label}
    async with admin_console(target, password) as console:
        facts |= {"pooler": console.place, "role": console.user}
        audit.write("asked", facts)
        try:
            said = await console.run(command.text)
        except ConsoleError as error:
            audit.write("failed", facts | {"outcome": error.summary})
            if isinstance(error, ServerError) and "SET failed" in error.summary:
                raise ServerError(f"PgBouncer refused {command.text}",
                                  hint="the value is not one that this setting can have") from error
            raise
        except asyncio.CancelledError:
            audit.write("left", facts | {"outcome": "no answer was waited for any longer"})
            raise
        audit.write("done", facts | {"outcome": said})
        return said
