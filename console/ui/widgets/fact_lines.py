"""Facts about one thing: lines, as high as they need."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from console.ui import text
from console.ui.widgets.painting import Lines
from console.view.table import Line


class FactLines(Lines):
    """`show` makes it as high as its lines need, which are broken between two facts where there is no room for both."""

    def __init__(self, *, id: str | None = None, least: int = 1) -> None:
        """`least` is how high it is at least, so that what is below stays where it is."""
        super().__init__(id=id)
        self._least = least

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [part for line in self._content for part in text.broken(line, max(1, width))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(self._least, len(self.lines(width, 0)))

    def show(self, *content: Line) -> None:
        before = len(self.lines(self.size.width, 0))
        super().show(*content)
        if len(self.lines(self.size.width, 0)) != before:
            self.refresh(layout=True)
