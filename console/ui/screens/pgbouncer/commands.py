"""PgBouncer's commands: choosing one, asking, running it beside everything else, and giving one up."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.pooler.actions import OF_ALL, OF_DATABASE, Command
from console.pooler.records import PoolerDatabase, Setting
from console.pooler.saturation import CONSOLE
from console.server.target import Target
from console.ui import text
from console.ui.connection import Connection
from console.ui.dialogs.choose import Choice
from console.ui.dialogs.dialog import Dialog, Words
from console.view import pooler as view


def obstacle(connection: Connection) -> ConsoleError | None:
    """Why nothing may be changed here, with what would change that; None where it may."""
    target = connection.target
    if target is None or connection.pooler is None:
        return ConsoleError("no PgBouncer is configured")
    info = connection.pooler.info
    if not target.allows_signals:
        return ConsoleError(f"{target.label}: the configuration forbids whatever ends or holds up others' sessions",
                            hint=f"signals = false in [targets.{target.name}]")
    if connection.read_only:
        return ConsoleError(f"{target.label} is read-only in this console",
                            hint="W unlocks it until the console is left, after a question")
    if info is not None and info.is_admin is False:
        return ConsoleError(f"{info.user} may only look at {info.place}",
                            hint="a user in PgBouncer's admin_users may run commands")
    return None


def offered(databases: Sequence[PoolerDatabase], first: str | None) -> dict[str, Command]:
    """The commands that make sense now, by their text: those on the database `first`, on the pooler, on the others."""
    known = [one for one in databases if one.name != CONSOLE]
    chosen = [one for one in known if one.name == first]
    commands = [*_of(chosen), *(Command(verb) for verb in OF_ALL), *_of([one for one in known if one not in chosen])]
    return {one.text: one for one in commands}


def _of(databases: Sequence[PoolerDatabase]) -> list[Command]:
    return [Command(verb, one.name) for one in databases for verb in OF_DATABASE
            if not (verb == "RESUME" and one.paused == 0) and not (verb == "PAUSE" and one.paused)
            and not (verb == "ENABLE" and one.disabled == 0) and not (verb == "DISABLE" and one.disabled)]


def choices(commands: dict[str, Command]) -> list[Choice]:
    """The commands as choices. Those on the whole pooler say so, but for RELOAD, of which there is no other."""
    return [Choice(key, key, f"all: {view.BRIEFLY[one.verb]}" if one.subject is None and one.verb != "RELOAD"
                   else view.BRIEFLY[one.verb]) for key, one in commands.items()]


class SettingDialog(Dialog[str]):
    """Answers with the new value of a setting."""

    KEYS = "enter set   esc leave it"
    width = 72

    def __init__(self, setting: Setting, target: Target) -> None:
        super().__init__(f"Set {setting.key} on {target.label}")
        self._setting = setting

    def body(self) -> ComposeResult:
        default = self._setting.default
        yield Words(("", ""), (f"Now: {text.clean(self._setting.value or '(empty)')}", ""),
                    (f"Default: {text.clean(default or '(empty)')}", "dim"), ("", ""))
        yield Input(self._setting.value or "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
