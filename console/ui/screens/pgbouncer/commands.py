"""PgBouncer's commands: choosing one, asking, running it beside everything else, and giving one up."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.pooler.actions import OF_ALL, OF_DATABASE, PoolerCommand
from console.pooler.records import PoolerDatabase, PoolerSetting
from console.pooler.saturation import CONSOLE
from console.server.target import Target
from console.ui import text
from console.ui.connection import Connection
from console.ui.dialogs.choose import Choice
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.dialogs.unlock import is_read_only
from console.view.pooler import facts as view


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
        return is_read_only(target.label)
    if info is not None and info.is_admin is False:
        return ConsoleError(f"{info.user} may only look at {info.place}",
                            hint="a user in PgBouncer's admin_users may run commands")
    return None


def offered(databases: Sequence[PoolerDatabase], first: str | None) -> dict[str, PoolerCommand]:
    """The commands that make sense now, by their text: those on the database `first`, on the pooler, on the others."""
    known = [database for database in databases if database.name != CONSOLE]
    chosen = [database for database in known if database.name == first]
    commands = [*_of(chosen), *(PoolerCommand(verb) for verb in OF_ALL),
                *_of([database for database in known if database not in chosen])]
    return {command.text: command for command in commands}


def _of(databases: Sequence[PoolerDatabase]) -> list[PoolerCommand]:
    return [PoolerCommand(verb, database.name) for database in databases for verb in OF_DATABASE
            if not (verb == "RESUME" and database.paused == 0) and not (verb == "PAUSE" and database.paused)
            and not (verb == "ENABLE" and database.disabled == 0) and not (verb == "DISABLE" and database.disabled)]


def choices(commands: dict[str, PoolerCommand]) -> list[Choice]:
    """The commands as choices. Those on the whole pooler say so, but for RELOAD, of which there is no other."""
    return [Choice(key, key, f"all: {view.BRIEFLY[command.verb]}" if command.subject is None
                   and command.verb != "RELOAD"
                   else view.BRIEFLY[command.verb]) for key, command in commands.items()]


class SettingDialog(Dialog[str]):
    """Answers with the new value of a setting."""

    HINT = (("input.submit", "set"), ("dialog.leave", "leave it"))
    width = 72

    def __init__(self, setting: PoolerSetting, target: Target) -> None:
        super().__init__(f"Set {setting.key} on {target.label}")
        self._setting = setting

    def body(self) -> ComposeResult:
        default = self._setting.default
        yield Words(("", ""), (f"Now: {text.clean(self._setting.value or '(empty)')}", ""),
                    (f"Default: {text.clean(default or '(empty)')}", "dim"), ("", ""))
        yield Input(self._setting.value or "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
