"""Facts about one thing: lines, as high as they are many."""

from __future__ import annotations

from textual.geometry import Size

from console.ui.widgets.painting import Lines
from console.view.table import Line


class FactLines(Lines):
    """`show` makes it as high as there are lines; they are not wrapped."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._content))

    def show(self, *content: Line) -> None:
        grows = len(content) != len(self._content)
        super().show(*content)
        if grows:
            self.refresh(layout=True)
