"""The dialogs that the application's own keys open, and what is done with their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.server.target import redacted
from console.text import format as fmt
from console.ui import choices
from console.ui.choices import REFRESH_S
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.password import PasswordDialog

if TYPE_CHECKING:
    from console.ui.host import AppHost


def choose_target(app: AppHost) -> None:
    """`t`: the configured targets, with their environments; the cursor is on the one that was chosen last."""
    async def open_it(name: str | None) -> None:
        if name is not None:
            await app.open_target(name)

    offered = targets(app)
    last = choices.load().target
    current = last if last in [choice.key for choice in offered] else app.connection.name
    app.push_screen(ChooseDialog("Target", offered, current=current,
                                 empty="no target is configured: [targets.NAME] in config.toml"), open_it)


def targets(app: AppHost) -> list[Choice]:
    """The targets to choose from; the one that is open is among them."""
    configured = app.config.targets
    names = list(dict.fromkeys((*app.target_names(), app.connection.name)))
    return [Choice(name, name or app.connection.label, configured[name].environment if name in configured else "")
            for name in names]


def choose_database(app: AppHost) -> None:
    """`D`: the databases that this server lets us connect to, first the one that was chosen here last."""
    app.run_worker(_choose_database(app), group="databases", exclusive=True, exit_on_error=False)


async def _choose_database(app: AppHost) -> None:
    connection = app.connection
    try:
        found = await databases(app)
    except ConsoleError as error:
        app.show_error(error)
        return

    async def open_it(name: str | None) -> None:
        if name is not None:
            await app.open_target(connection.name, name)

    current = connection.info.database if connection.info else None
    last = choices.load().databases.get(connection.name)
    if any(choice.key == last for choice in found):
        found, current = sorted(found, key=lambda choice: choice.key != last), last
    app.push_screen(ChooseDialog("Database", found, current=current), open_it)


async def databases(app: AppHost) -> list[Choice]:
    """The databases of the server, as choices. Raises ConsoleError."""
    from console.server.databases import read_databases

    async with app.connection.session() as session:
        found = await read_databases(session)
    return [Choice(database.name, database.name, database.comment or f"owner {database.owner}") for database in found]


def choose_theme(app: AppHost) -> None:
    """`T`: the themes, each shown as soon as the cursor is on it."""
    from console.ui import themes

    before = app.theme

    def chosen(name: str | None) -> None:
        app.choose_theme(name or before, remember=name is not None)

    offered = [Choice(name, name, themes.describe(name)) for name in themes.names()]
    app.push_screen(ChooseDialog("Theme", offered, current=before,
                                 preview=lambda name: app.choose_theme(name, remember=False)), chosen)


def choose_rate(app: AppHost) -> None:
    """`r`: how often to refresh."""
    def chosen(key: str | None) -> None:
        if key is not None:
            app.set_rate(float(key))

    offered = [Choice(str(seconds), f"{fmt.number(seconds)} s") for seconds in REFRESH_S]
    app.push_screen(ChooseDialog("Refresh every", offered, current=str(app.connection.every_s)), chosen)


def ask_password(app: AppHost) -> None:
    """The server wants a password that nobody has given yet."""
    connection = app.connection
    assert connection.error is not None

    def given(password: str | None) -> None:
        if password is not None and connection is app.connection:
            connection.use_password(password)

    place = redacted(connection.target.conninfo) if connection.target else connection.label
    whom = place if connection.label in place else f"{connection.label} ({place})"
    app.push_screen(PasswordDialog(whom, connection.error.summary), given)


def show_help(app: AppHost) -> None:
    """`?`: the keys of the screen."""
    from console.ui.dialogs.help import HelpDialog

    app.push_screen(HelpDialog(app.screen), lambda page: open_manual(app, page) if page is not None else None)


def open_manual(app: AppHost, page: str | None = None) -> None:
    """The manual: a page, or all of them to choose from."""
    from console.ui.dialogs.manual import ContentsDialog, PageDialog

    def chosen(topic: str | None) -> None:
        if topic is not None:
            app.push_screen(PageDialog(topic))

    if page is None:
        app.push_screen(ContentsDialog(), chosen)
    else:
        chosen(page)


def toggle_lock(app: AppHost) -> None:
    """`W`: lets a read-only target be written to, or locks it again."""
    from console.ui.dialogs.unlock import toggle

    toggle(app)


def open_flight_recorder(app: AppHost) -> None:
    """`F`: records to a file, or saves the last minutes."""
    from console.ui.dialogs.recorder import open_recorder

    open_recorder(app)


def show_connection(app: AppHost) -> None:
    """`E`: who answered, and how the connection is protected."""
    from console.ui.dialogs.connection import open_connection

    open_connection(app)


def open_commands(app: AppHost) -> None:
    """ctrl+p."""
    from console.ui.commands import open_palette

    open_palette(app)


DIALOGS: Mapping[str, Callable[[AppHost], None]] = {
    "target": choose_target, "database": choose_database, "theme": choose_theme, "rate": choose_rate,
    "password": ask_password, "help": show_help, "manual": open_manual, "commands": open_commands,
    "unlock": toggle_lock, "connection": show_connection, "recorder": open_flight_recorder}
"""What `ConsoleApp.action_open` opens, by name."""
