"""The command palette: everything that can be reached by typing a part of its name.

A source is an async function `(app, words) -> list[Command]`, asked with each change of the text; the results of the
sources follow one another. Add one to `SOURCES` to offer more, such as objects found on the server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from textual.fuzzy import Matcher
from textual.widgets import Input

from console.errors import ConsoleError
from console.ui.bindings import offers
from console.ui.dialogs import opening
from console.ui.dialogs.choose import MOST_ROWS, Choice, ChooseDialog, as_table
from console.ui.keymap import letter
from console.ui.keys import SCOPES, SCREENS, Action, scope_of
from console.ui.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from console.ui.host import AppHost


class PaletteCommand(Struct, frozen=True):
    """What the palette offers: its label, a word on what kind it is, and what it does.

    `search` is what it is found by besides, where that has the very words.
    """

    label: str
    detail: str
    run: Callable[[], Any]
    search: str = ""


LEAST_SCORE = 1e-9
SHORTEST_WORD = 3
"""From so many letters on other screens are searched too."""

Source = Callable[["AppHost", str], Awaitable[list[PaletteCommand]]]


async def screens(app: AppHost, words: str) -> list[PaletteCommand]:
    return [PaletteCommand(entry.title, f"{letter(SCREENS[entry.number - 1])} screen".lstrip(),
                           partial(app.show_screen, entry.name)) for entry in app.entries]


async def targets(app: AppHost, words: str) -> list[PaletteCommand]:
    return [PaletteCommand(choice.label, "target", partial(app.open_target, choice.key))
            for choice in opening.targets(app)]


async def databases(app: AppHost, words: str) -> list[PaletteCommand]:
    if app.connection.info is None:
        return []
    name = app.connection.name
    return [PaletteCommand(choice.label, "database", partial(app.open_target, name, choice.key))
            for choice in await opening.databases(app)]


async def themes(app: AppHost, words: str) -> list[PaletteCommand]:
    from console.ui import themes

    return [PaletteCommand(name, "theme", partial(app.choose_theme, name)) for name in themes.names()]


async def keys(app: AppHost, words: str) -> list[PaletteCommand]:
    """What keys do where the palette was opened, also those that have none."""
    return [_command(offer.action, partial(app.run_action, offer.run, offer.node))
            for offer in offers(app.screen_stack[-2]) if offer.action.in_palette]


async def elsewhere(app: AppHost, words: str) -> list[PaletteCommand]:
    """What keys do on other screens: goes there, and to the page or view that the key opens."""
    wanted, here = words.strip().casefold(), {offer.action.id for offer in offers(app.screen_stack[-2])}
    if len(wanted) < SHORTEST_WORD:
        return []
    screens = {entry.name for entry in app.entries}
    found = [_command(action, partial(_go_to, app, name, action))
             for scope in SCOPES for name in (scope.name, *scope.within)[:1 if scope.kind == "screen" else 2]
             if name in screens for action in scope.actions if action.in_palette and action.id not in here]
    return [command for command in found if wanted in f"{command.label} {command.search}".casefold()]


def _command(action: Action, run: Callable[[], Any]) -> PaletteCommand:
    """An action with its key and where it works."""
    scope = scope_of(action.id)
    place = f"{letter(action.id)} {'' if scope.kind == 'everywhere' else scope.title}".strip()
    return PaletteCommand(f"{action.help[:1].upper()}{action.help[1:]}", place, run,
                          f"{action.word} {action.help} {action.more}")


def _go_to(app: AppHost, name: str, action: Action) -> None:
    """Shows that screen; of what the key does only what shows something is done, the rest is a person's to press."""
    app.show_screen(name)
    screen: Any = app.screen
    if not action.run.startswith(("page(", "view(")):
        return
    shown = getattr(screen, "page_name", None) or getattr(getattr(screen, "state", None), "view", None)
    if f"'{shown}'" not in action.run:  # the key of what is shown already goes back
        screen.call_after_refresh(app.run_action, action.run, screen)


async def plans(app: AppHost, words: str) -> list[PaletteCommand]:
    """A plan from elsewhere, wherever one is."""
    from console.ui.dialogs.open_plan import open_plan

    return [PaletteCommand("Open a plan", "file or pasted", partial(open_plan, app))]


async def objects(app: AppHost, words: str) -> list[PaletteCommand]:
    from console.ui.screens.schemas.jump import found

    return [PaletteCommand(label, detail, run) for label, detail, run in await found(app, words)]


SOURCES: list[Source] = [screens, keys, elsewhere, plans, databases, targets, themes, objects]


def open_palette(app: AppHost) -> None:
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

    def __init__(self, app: AppHost) -> None:
        super().__init__("Commands", (), empty="nothing of that name", placeholder="screen, target, database, theme...")
        self.commands: list[PaletteCommand] = []
        self._application = app

    def rows(self) -> int:
        return max(4, min(MOST_ROWS, self.app.size.height - 8))

    def on_mount(self) -> None:
        self._search("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(RecordTable).leave_row()
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
            self.commands = ranked(commands, words)
            choices = [Choice(str(number), command.label, command.detail)
                       for number, command in enumerate(self.commands)]
            self.query_one(RecordTable).show(as_table(choices, "nothing of that name"))


def ranked(commands: Sequence[PaletteCommand], words: str) -> list[PaletteCommand]:
    """Those whose name has the letters of `words` in this order, the likeliest first, and what else has the words."""
    if not words.strip():
        return list(commands)
    matcher = Matcher(words.strip())
    wanted = words.strip().casefold()
    scores = [(matcher.match(command.label) or float(wanted in command.search.casefold()) * LEAST_SCORE, command)
              for command in commands]
    return [command for score, command in sorted(scores, key=lambda scored: -scored[0]) if score > 0]
