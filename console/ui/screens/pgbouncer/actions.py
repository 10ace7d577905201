"""What a person does with PgBouncer: commands and settings, asked about first, run beside everything else, given up."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import ConsoleError, PasswordNeeded
from console.pooler.actions import OF_ALL, OF_DATABASE, PoolerCommand
from console.pooler.records import PoolerConnection, PoolerDatabase, PoolerSetting
from console.pooler.saturation import CONSOLE
from console.sampler.pooler_watch import PoolerWatch
from console.ui.connection import Connection
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.password import PasswordDialog
from console.ui.dialogs.unlock import is_read_only, word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.screens.pgbouncer.setting_dialog import SettingDialog
from console.ui.screens.pgbouncer.state import PgBouncerState
from console.ui.widgets.painting import console_app
from console.view.pooler import facts

HELD = "pgbouncer"
"""Under which name the application holds what a command would lose if the target were left."""


class PgBouncerActions:
    """The actions of one screen. They write into `state` which command waits, and work through the screen's host."""

    def __init__(self, screen: ConsoleScreen, state: PgBouncerState) -> None:
        self._screen = screen
        self._state = state

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    @property
    def _watch(self) -> PoolerWatch | None:
        return self._screen.connection.pooler

    def retry(self) -> None:
        """Asks the pooler again now, or for the password that it wants."""
        watch = self._watch
        if watch is None:
            return
        if not isinstance(watch.error, PasswordNeeded):
            watch.wake()
            return

        def given(password: str | None) -> None:
            if password is not None:
                watch.use_password(password)

        self._host.push_screen(PasswordDialog("PgBouncer", watch.error.summary), given)

    def choose_command(self, database: str | None, client: PoolerConnection | None = None) -> None:
        """Offers the commands, first those on `client` and on `database`."""
        watch = self._watch
        if watch is None or watch.sample is None or not self._is_allowed():
            return
        found = offered(watch.sample.databases, database, client)

        def chosen(key: str | None) -> None:
            if key is not None:
                self._confirm(found[key])

        self._host.push_screen(ChooseDialog("Command", choices(found)), chosen)

    def change_setting(self, setting: PoolerSetting) -> None:
        """Asks for another value."""
        target = self._screen.connection.target
        if self._watch is None or target is None:
            return
        if not setting.is_changeable:
            self._host.show_error(ConsoleError(f"{setting.key} can't be changed while PgBouncer runs",
                                               hint="change pgbouncer.ini and restart it"))
        elif self._is_allowed():
            def given(value: str | None) -> None:
                if value is not None and value != setting.value:
                    self._confirm(PoolerCommand("SET", setting.key, value))

            self._host.push_screen(SettingDialog(setting, target), given)

    def _is_allowed(self) -> bool:
        if (error := obstacle(self._screen.connection)) is not None:
            self._host.show_error(error)
        return error is None

    def _confirm(self, command: PoolerCommand) -> None:
        target = self._screen.connection.target
        if target is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._screen.run_worker(self._run(command), group="command", exit_on_error=False)

        self._host.push_screen(ConfirmDialog(
            f"{command.text} on {target.label}?", facts.consequences(command.verb, command.subject, command.whom),
            typed=word_to_type(self._screen.connection)), answered)

    async def _run(self, command: PoolerCommand) -> None:
        watch, host = self._watch, self._host
        if watch is None:
            return
        self._state.command = command
        if command.undo is not None:
            host.held[HELD] = f"{command.text} has not been answered: the pooler stays paused until RESUME"
        try:
            if await watch.command(command) is not None:
                host.tell(f"{command.text}: done")
        except ConsoleError as error:
            host.show_error(error)
        finally:
            self._state.command = None
            host.held.pop(HELD, None)

    def give_up(self) -> None:
        """Waits no longer for the answer; a PAUSE is ended by RESUME, for it would go on without us."""
        if (command := self._state.command) is not None:
            self._screen.run_worker(self._give_up(command), group="give up", exit_on_error=False)

    async def _give_up(self, command: PoolerCommand) -> None:
        watch, host = self._watch, self._host
        if watch is None:
            return
        try:
            await watch.give_up(command)
        except ConsoleError as error:
            host.show_error(error)
        else:
            host.tell(f"{command.text}: given up" + (", clients go on" if command.verb == "PAUSE" else ""))


def obstacle(connection: Connection) -> ConsoleError | None:
    """Why nothing may be changed here, with what would change that; None where it may."""
    target = connection.target
    if target is None or connection.pooler is None:
        return ConsoleError("no PgBouncer is configured")
    info = connection.pooler.info
    if not target.allows_signals:
        return ConsoleError(f"{target.label}: the configuration forbids whatever ends or blocks others' sessions",
                            hint=f"signals = false in [targets.{target.name}]")
    if connection.read_only:
        return is_read_only(target.label)
    if info is not None and info.is_admin is False:
        return ConsoleError(f"{info.user} may only look at {info.place}",
                            hint="a user in PgBouncer's admin_users may run commands")
    return None


def offered(databases: Sequence[PoolerDatabase], first: str | None,
            client: PoolerConnection | None = None) -> dict[str, PoolerCommand]:
    """The commands that make sense now, by their text: those on the client that was chosen, if it has an id, on the
    database `first`, on the pooler, on the others."""
    known = [database for database in databases if database.name != CONSOLE]
    chosen = [database for database in known if database.name == first]
    commands = [*_of_client(client), *_of(chosen), *(PoolerCommand(verb) for verb in OF_ALL),
                *_of([database for database in known if database not in chosen])]
    return {command.text: command for command in commands}


def _of(databases: Sequence[PoolerDatabase]) -> list[PoolerCommand]:
    return [PoolerCommand(verb, database.name) for database in databases for verb in OF_DATABASE
            if not (verb == "RESUME" and database.paused == 0) and not (verb == "PAUSE" and database.paused)
            and not (verb == "ENABLE" and database.disabled == 0) and not (verb == "DISABLE" and database.disabled)]


def _of_client(client: PoolerConnection | None) -> list[PoolerCommand]:
    if client is None or client.type != "C" or client.id is None or client.database == CONSOLE:
        return []
    whom = " ".join(filter(None, (client.application_name, client.place, f"({client.user} on {client.database})")))
    return [PoolerCommand("KILL_CLIENT", str(client.id), whom=whom)]


def choices(commands: dict[str, PoolerCommand]) -> list[Choice]:
    """The commands as choices. Those on the whole pooler say so, but for RELOAD, of which there is no other."""
    return [Choice(key, key, f"all: {facts.BRIEFLY[command.verb]}" if command.subject is None
                   and command.verb != "RELOAD"
                   else facts.BRIEFLY[command.verb]) for key, command in commands.items()]
