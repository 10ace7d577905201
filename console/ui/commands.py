"""The command palette: everything that can be reached by typing a part of its name.

A source is an async function `(app, words) -> list[Command]`, asked with each change of the text; the results of the
sources follow one another. Add one to `SOURCES` to offer more, such as objects found on the server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from textual.widgets import Input

from console.errors import ConsoleError
from console.ui.dialogs import opening
from console.ui.dialogs.choose import MOST_ROWS, Choice, ChooseDialog, as_table
from console.ui.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from console.ui.host import Application


class PaletteCommand(Struct, frozen=True):
    """What the palette offers: its label, a word on what kind it is, and what it does."""

    label: str
    detail: str
    run: Callable[[], Any]


Source = Callable[["Application", str], Awaitable[list[PaletteCommand]]]


async def screens(app: Application, words: str) -> list[PaletteCommand]:
    return [PaletteCommand(entry.title, f"screen {entry.number}", partial(app.show_screen, entry.name))
            for entry in app.entries]


async def targets(app: Application, words: str) -> list[PaletteCommand]:
    return [PaletteCommand(choice.label, "target", partial(app.open_target, choice.key))
            for choice in opening.targets(app)]


async def databases(app: Application, words: str) -> list[PaletteCommand]:
    if app.connection.info is None:
        return []
    name = app.connection.name
    return [PaletteCommand(choice.label, "database", partial(app.open_target, name, choice.key))
            for choice in await opening.databases(app)]


async def looks(app: Application, words: str) -> list[PaletteCommand]:
    from console.ui import themes

    return [PaletteCommand(name, "theme", partial(app.choose_theme, name)) for name in themes.names()]


async def actions(app: Application, words: str) -> list[PaletteCommand]:
    offered: list[tuple[str, str, Callable[[], Any], str, tuple[str, ...]]] = [
        ("Retry now", "r", app.action_retry, "retry", ()), ("Pause or go on", "space", app.action_pause, "pause", ())]
    offered += [(label, key, partial(app.action_open, what), "open", (what,)) for label, key, what in (
        ("Refresh rate", "r", "rate"), ("Choose a target", "t", "target"), ("Choose a database", "D", "database"),
        ("Choose a theme", "T", "theme"), ("Keys of this screen", "?", "help"))]
    offered.append(("Quit", "q", app.action_quit, "quit", ()))
    return [PaletteCommand(label, key, run) for label, key, run, action, parameters in offered
            if app.check_action(action, parameters)]


async def recorder(app: Application, words: str) -> list[PaletteCommand]:
    """The flight recorder, or, on a recording, what plays it."""
    if (playback := getattr(app, "own_commands", None)) is not None:
        return [PaletteCommand(label, key, run) for label, key, run in playback()]
    recorder = app.connection.recorder
    if recorder is None:
        return []
    label = "Flight recorder: stop recording" if recorder.path is not None else (
        "Flight recorder: save the last minutes, or record to a file")
    return [PaletteCommand(label, "F", partial(app.action_open, "recorder"))]


async def query(app: Application, words: str) -> list[PaletteCommand]:
    """A plan from elsewhere, wherever one is; on the Query screen what its keys do."""
    from console.ui.dialogs.open_plan import open_plan
    from console.ui.screens.query.screen import QueryScreen

    found = [PaletteCommand("Open a plan", "file or pasted", partial(open_plan, app))]
    screen = app.screen_stack[0]
    if isinstance(screen, QueryScreen):
        found += [PaletteCommand(label, key, partial(screen.run_action, action)) for label, key,
                  action in screen.OFFERED
                  if screen.check_action(action.partition("(")[0], ())]
    return found


async def objects(app: Application, words: str) -> list[PaletteCommand]:
    from console.ui.screens.schemas.jump import found

    return [PaletteCommand(label, detail, run) for label, detail, run in await found(app, words)]


SOURCES: list[Source] = [screens, actions, recorder, query, databases, targets, looks, objects]


def open_palette(app: Application) -> None:
    """ctrl+p."""
    palette = Palette(app)

    async def run(key: str | None) -> None:
        if key is not None:
            outcome = palette.commands[int(key)].run()
            if outcome is not None and hasattr(outcome, "__await__"):
                await outcome

    app.push_screen(palette, run)


class Palette(ChooseDialog):
    """A list that the sources fill anew while a person types."""

    def __init__(self, app: Application) -> None:
        super().__init__("Commands", (), empty="nothing of that name", placeholder="screen, target, database, theme...")
        self.commands: list[PaletteCommand] = []
        self._application = app

    def rows(self) -> int:
        return max(4, min(MOST_ROWS, self.app.size.height - 8))

    def on_mount(self) -> None:
        self._search("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, words: str) -> None:
        self.run_worker(self._ask(words), group="search", exclusive=True, exit_on_error=False)

    async def _ask(self, words: str) -> None:
        """Shows what each source has as soon as it has it; one that fails has nothing."""
        commands: list[PaletteCommand] = []
        for source in SOURCES:
            try:
                commands += await source(self._application, words)
            except ConsoleError:
                continue
            self.commands = commands
            choices = [Choice(str(number), command.label, command.detail) for number, command in enumerate(commands)]
            table = self.query_one(RecordTable)
            table.needle = words
            table.show(as_table(choices, "nothing of that name"))
