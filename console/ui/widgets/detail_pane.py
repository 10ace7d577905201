"""What is known of the selected row, beside or below its table: toned paragraphs, wrapped, scrolled with the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.ui import text
from console.ui.widgets.painting import Lines, console_app
from console.view.table import Line, Tone


class DetailPane(Lines, can_focus=True):
    """`say` shows paragraphs; those that are higher than the pane are scrolled while it has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False), Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False), Binding("pagedown", "page(1)", show=False),
        Binding("y", "copy", "copy", id="detail.copy"),
    ]
    _paragraphs: Sequence[tuple[str, Tone]] = ()
    _first = 0

    def say(self, *paragraphs: tuple[str, Tone]) -> None:
        """Shows these from their beginning."""
        self._paragraphs, self._first = paragraphs, 0
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        return self._wrapped(width)[self._first:self._first + height]

    def _wrapped(self, width: int) -> list[Line]:
        return [((line, tone),) for words, tone in self._paragraphs for line in text.wrap(words, max(1, width))]

    def action_move(self, lines: int) -> None:
        last = max(0, len(self._wrapped(self.size.width)) - self.size.height)
        self._first = max(0, min(last, self._first + lines))
        self.redraw()

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 1))

    def action_copy(self) -> None:
        console_app(self).copy("\n".join(words for words, _ in self._paragraphs))
