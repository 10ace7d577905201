"""The lines above the tabs that say what came of a search."""

from __future__ import annotations

from textual.geometry import Size

from console.ui.widgets.painting import Lines
from console.ui.widgets.paper import wrapped
from console.view.table import Line

MOST_TOLD = 6


class SummaryLines(Lines):
    """The verdict and what there is to know, wrapped, as high as they need."""

    def show(self, *content: Line) -> None:
        self._content = content
        self._strips = ()
        self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        return [line for pair in self._content for line in wrapped(pair, max(20, width), 2)][:MOST_TOLD]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.lines(width, 0)))
