"""PgBouncer's admin console: the database `pgbouncer` of a pooler, which speaks a small part of PostgreSQL's protocol.

It knows no transactions, no parameters and no extended protocol: every command is one plain string on a connection in
autocommit. A request to cancel, on whatever connection of the console, resumes a pooler that somebody has paused
(measured on 1.18), so none is ever sent: what takes too long, or is no longer wanted, has its connection closed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console import waiting
from console.errors import ConsoleError, Denied, Missing, PasswordNeeded, ServerError, Unreachable
from console.server.connection import connect
from console.server.faults import translate
from console.server.target import Target, redacted
from console.text import format as fmt

DATABASE = "pgbouncer"
ANSWER_WITHIN_S = 5.0
_SHOWN = re.compile(r"[A-Z_]+")


class ShowResult(Struct, frozen=True):
    """What a SHOW answered: the columns by name, as this version has them, and the rows in their order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...] = ()


class Console(Protocol):
    """An open admin console. Every method raises ConsoleError, never psycopg's own."""

    @property
    def user(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def is_local(self) -> bool: ...

    async def show(self, what: str) -> ShowResult: ...

    async def run(self, command: str) -> str: ...


class AdminConsole:
    """One connection to the console of a pooler; `admin_console` opens one."""

    def __init__(self, connection: AsyncConnection[Any], label: str) -> None:
        self._connection = connection
        self._label = label

    @property
    def user(self) -> str:
        """Whom the pooler has let in."""
        return self._connection.info.user

    @property
    def place(self) -> str:
        """host:port of the pooler, or the folder of its socket."""
        return f"{self._connection.info.host}:{self._connection.info.port}"

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a Unix socket."""
        return self._connection.info.host.startswith(("/", "@"))

    async def show(self, what: str) -> ShowResult:
        """SHOW POOLS and the like. Raises Missing where this version has no such thing, Unreachable after five seconds.

        What answers with a notice alone (HELP) has no columns.
        """
        assert _SHOWN.fullmatch(what), what
        cursor = await self._execute(f"SHOW {what}", ANSWER_WITHIN_S)
        if cursor.description is None:
            return ShowResult(())
        return ShowResult(tuple(column.name for column in cursor.description), tuple(await cursor.fetchall()))

    async def run(self, command: str) -> str:
        """Runs a command for as long as it takes, PAUSE until the last transaction has ended; answers with its tag.

        Cancelling the task closes the connection; the pooler remains in the state that the command has brought about.
        """
        return (await self._execute(command, None)).statusmessage or ""

    async def close(self) -> None:
        await self._connection.close()

    async def _execute(self, command: str, within_s: float | None) -> psycopg.AsyncCursor[Any]:
        connection = self._connection
        try:
            # Given up first, so that psycopg has nothing to send a cancel request on.
            return await waiting.outcome(connection.execute(command.encode()), within_s=within_s,
                                         give_up=connection.pgconn.finish)
        except psycopg.Error as error:
            raise _told(error, self._label, is_lost=connection.closed) from error
        except TimeoutError:
            raise Unreachable(f"{self._label}: PgBouncer has not answered in {fmt.duration(within_s)}",
                              hint="it may be stopped, suspended, or behind a broken network") from None


@asynccontextmanager
async def admin_console(target: Target, password: str | None = None) -> AsyncIterator[AdminConsole]:
    """The console of the pooler that `pgbouncer` of the target's configuration names. Raises ConsoleError.

    `password` is one that a person typed for it.
    """
    pooler = replace(pooler_target(target), password=password)
    label = pooler.label
    try:
        connection = await asyncio.wait_for(connect(pooler), target.connect_timeout_s + 1.0)
    except TimeoutError:
        raise Unreachable(f"{label}: no answer in {fmt.duration(target.connect_timeout_s + 1)}",
                          hint="check host, port and firewall") from None
    except (psycopg.Error, OSError) as error:
        raise _told(error, label, is_lost=True) from error
    console = AdminConsole(connection, label)
    try:
        yield console
    finally:
        await console.close()


def pooler_target(target: Target) -> Target:
    """The pooler's console as a target. The database's password is not given to it, unless the user is the same one.

    Raises ConsoleError where none is configured.
    """
    if target.pgbouncer_conninfo is None:
        raise ConsoleError(f"{target.label}: no pgbouncer is configured",
                           hint=f'pgbouncer = "host=... port=6432 user=..." in [targets.{target.name or "NAME"}]')
    given = conninfo_to_dict(target.pgbouncer_conninfo)
    # PGOPTIONS and the options of a service would be refused as an unsupported startup parameter.
    conninfo = make_conninfo(target.pgbouncer_conninfo, options="",
                             **({} if given.get("dbname") or given.get("service") else {"dbname": DATABASE}))
    same = given.get("user") in (None, conninfo_to_dict(target.conninfo).get("user"))
    place = redacted(conninfo).rpartition("@")[2].removesuffix(f"/{DATABASE}")
    return replace(target, name=f"PgBouncer at {place}", conninfo=conninfo, direct_conninfo=None,
                   password=None, password_command=target.password_command if same else None)


_REFUSALS: Sequence[tuple[str, type[ServerError], str]] = (
    ("admin access needed", Denied, "only a user in PgBouncer's admin_users may do that"),
    ("invalid command", Missing, "this version of PgBouncer does not know it"),
    ("not allowed", Denied, "add the user to stats_users or admin_users in pgbouncer.ini, then RELOAD"),
    ("no such user", PasswordNeeded, "add the user to PgBouncer's auth_file, and to stats_users or admin_users"),
    ("authentication failed", PasswordNeeded,
     "put the password into ~/.pgpass or a service file; the user must be in PgBouncer's auth_file"),
    ('configuration parameter "version"', ServerError,
     "that is PostgreSQL itself: pgbouncer = must name PgBouncer's port (6432), its database is pgbouncer"),
    ("unsupported startup parameter", Unreachable, "take options out of the pgbouncer entry"),
)


def _told(error: Exception, label: str, *, is_lost: bool) -> ConsoleError:
    """What PgBouncer means: it has one SQLSTATE for everything, so the words decide."""
    text = str(error).strip()
    for words, kind, hint in _REFUSALS:
        if words in text:
            return kind(f"{label}: {_sentence(text, words)}", hint=hint)
    if isinstance(error, psycopg.Error) and not is_lost:
        return ServerError(f"{label}: {error.diag.message_primary or text}", sqlstate=error.sqlstate)
    return translate(error, label)


def _sentence(text: str, words: str) -> str:
    """The line of libpq's message that holds `words`, without what comes before the server's own."""
    line = next(line for line in text.splitlines() if words in line)
    return line.rpartition("FATAL:")[2].strip()
