"""The frame's lines: the header, the bar of screens and the footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.style import Style
from textual import events
from textual.screen import Screen

from console.ui import text
from console.ui.bindings import working_key
from console.ui.connection import ConnectionState
from console.ui.facts import header_facts
from console.ui.keymap import letter
from console.ui.keys import SCREENS
from console.ui.widgets.painting import Lines, console_app
from console.view.header import header
from console.view.table import Line, Tone


class Header(Lines):
    """Target, environment, server, state of the connection."""

    SHOWS_DATA = False

    def lines(self, width: int, height: int) -> Sequence[Line]:
        app = console_app(self)
        line = header(header_facts(app.connection, app.clock), width)
        if self._is_plain():
            return [tuple((piece, "strong" if tone else "") for piece, tone in line)]
        return [line]

    def base_style(self) -> Style:
        app = console_app(self)
        return app.inks["production" if app.connection.target_is_production else "header"]

    def _is_plain(self) -> bool:
        """Whether the header's background leaves no room for the colours of states."""
        app = console_app(self)
        return app.connection.target_is_production or bool(app.inks["header"].reverse)


class ScreenBar(Lines):
    """The screens by number; the one that is shown stands out. A click goes there.

    While the connection is lost, the reason stands beside them: the header has room for the next try only.
    """

    SHOWS_DATA = False

    def lines(self, width: int, height: int) -> Sequence[Line]:
        connection = console_app(self).connection
        if connection.state is not ConnectionState.LOST or connection.error is None:
            return [tuple(self._tabs(width))]
        reason = f"  {text.clean(connection.error.summary.removeprefix(f'{connection.label}: '))} "
        tabs = self._tabs(width - text.width(reason))
        return [(*tabs, (text.cut(reason, width - sum(len(label) for label, _ in tabs)), "critical"))]

    def _tabs(self, width: int) -> list[tuple[str, Tone]]:
        pieces: list[tuple[str, Tone]] = []
        current = console_app(self).screen_name
        for entry in console_app(self).entries:
            label = f" {letter(SCREENS[entry.number - 1])} {entry.title} "
            pieces.append((label, "tab" if entry.name == current else "dim"))  # type: ignore[arg-type]
        if sum(len(label) for label, _ in pieces) > width:
            pieces = [(label.replace(entry.title, entry.short or entry.title), tone)
                      for (label, tone), entry in zip(pieces, console_app(self).entries, strict=True)]
        if sum(len(label) for label, _ in pieces) > width:
            pieces = [(label if tone != "dim" else f" {label.split()[0]} ", tone) for label, tone in pieces]
        return pieces

    def on_click(self, event: events.Click) -> None:
        x = 0
        for (label, _), entry in zip(self.lines(*self.size)[0], console_app(self).entries, strict=False):
            x += len(label)
            if event.x < x:
                console_app(self).show_screen(entry.name)
                return


class Footer(Lines):
    """The keys that work now: the focused widget's first, then the screen's, then, by their first keys, those that
    always work."""

    SHOWS_DATA = False

    LAST = ("app.help", "app.commands", "app.quit")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def lines(self, width: int, height: int) -> Sequence[Line]:
        keys = shown_keys(self.screen)
        first = [shown for name, shown in keys.items() if name not in self.LAST]
        own = console_app(self).keymap
        last = [keys[name] for name in self.LAST if name in keys and keys[name][0] == own.name(name)]

        def needed() -> int:
            return sum(text.width(name) + text.width(what) + 3 for name, what in (*first, *last))

        while first and needed() > width:
            first.pop()
        pieces: list[tuple[str, Tone]] = []
        for name, what in (*first, *last):
            pieces += [(f" {name}", "accent"), (f" {what} ", "dim")]
        return [tuple(pieces)]


def shown_keys(screen: Screen[Any]) -> dict[str, tuple[str, str]]:
    """What works on `screen` now and the footer has words for: by the action's id its key and the word."""
    words: dict[str, str] = {}
    names: set[tuple[str, str]] = set()
    for name, active in screen.active_bindings.items():
        binding = active.binding
        if binding.show and active.enabled and binding.id is not None:
            words.setdefault(binding.id, binding.description)
            names.add((binding.id, name))
    return {action: (working_key(action, {name for id, name in names if id == action}), word)
            for action, word in words.items()}
