"""The frame's lines: the header, the bar of screens and the footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.style import Style
from textual import events
from textual.screen import Screen

from console.ui import text
from console.ui.connection import ConnectionState
from console.ui.facts import header_facts
from console.ui.widgets.painting import Lines, console_app
from console.view.header import header
from console.view.table import Line, Tone


class Header(Lines):
    """Target, environment, server, state of the connection: SCREENS.md, Frame."""

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
            label = f" {entry.number} {entry.title} "
            pieces.append((label, "tab" if entry.name == current else "dim"))  # type: ignore[arg-type]
        if sum(len(label) for label, _ in pieces) > width:
            pieces = [(label if tone != "dim" else label[:3], tone) for label, tone in pieces]
        return pieces

    def on_click(self, event: events.Click) -> None:
        x = 0
        for (label, _), entry in zip(self.lines(*self.size)[0], console_app(self).entries, strict=False):
            x += len(label)
            if event.x < x:
                console_app(self).show_screen(entry.name)
                return


class Footer(Lines):
    """The keys that work now: the focused widget's first, then the screen's, then those that always work."""

    SHOWS_DATA = False

    LAST = ("question_mark", "ctrl+p", "q")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def lines(self, width: int, height: int) -> Sequence[Line]:
        keys = shown_keys(self.screen)
        first = [(name, what) for key, name, what in keys if key not in self.LAST]
        last = [(name, what) for key, name, what in keys if key in self.LAST]

        def needed() -> int:
            return sum(text.width(name) + text.width(what) + 3 for name, what in (*first, *last))

        while first and needed() > width:
            first.pop()
        pieces: list[tuple[str, Tone]] = []
        for name, what in (*first, *last):
            pieces += [(f" {name}", "accent"), (f" {what} ", "dim")]
        return [tuple(pieces)]


def shown_keys(screen: Screen[Any], *, more: bool = False) -> list[tuple[str, str, str]]:
    """The keys that work on `screen` now and are worth showing: key, its name, what it does. One for an action.

    `more`: also those that the footer has no room for, which have an id.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if (binding.show or (more and binding.id)) and active.enabled and binding.description:
            found.setdefault(binding.action, (key, screen.app.get_key_display(binding), binding.description))
    return list(found.values())
