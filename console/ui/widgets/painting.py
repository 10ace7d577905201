"""Painting only what changed: an SSH link carries the cells that differ, not the widget."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, cast

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.ui import text
from console.ui.themes import Inks
from console.view.table import Line

if TYPE_CHECKING:
    from console.ui.app import ConsoleApp

JOIN_GAPS_OF = 6
"""Two changed spans this near are sent as one: moving the cursor costs as much as the cells between."""


def console_app(widget: Widget) -> ConsoleApp:
    """The console that `widget` belongs to."""
    return cast("ConsoleApp", widget.app)


def inks(widget: Painted) -> Inks:
    """The styles by tone for `widget`: the theme's, or all dim where what is shown is no longer live."""
    app = console_app(widget)
    return app.stale_inks if widget.SHOWS_DATA and widget.screen.has_class("-stale") else app.inks


def changed_spans(old: Strip, new: Strip) -> Iterator[tuple[int, int]]:
    """Where two strips differ: first cell and number of cells, near spans joined."""
    before, after = _cells(old), _cells(new)
    length = max(len(before), len(after))
    before += [("", None)] * (length - len(before))
    after += [("", None)] * (length - len(after))
    start = end = -1
    for x in range(length):
        if before[x] == after[x]:
            continue
        if start >= 0 and x - end > JOIN_GAPS_OF:
            yield start, end - start + 1
            start = -1
        start = x if start < 0 else start
        end = x
    if start >= 0:
        yield start, end - start + 1


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """What stands in each cell of a strip; a wide character's second cell differs when the first one does."""
    cells: list[tuple[str, Style | None]] = []
    for segment in strip:
        if segment.text.isascii():
            cells.extend((character, segment.style) for character in segment.text)
        else:
            cells.extend(chain.from_iterable(
                ((character, segment.style), *[(f"{character} ", segment.style)] * (text.width(character) - 1))
                for character in segment.text))
    return cells


class Painted(Widget, can_focus=False):
    """A widget that draws its own strips in `_drawn`; `redraw` compares them with those before."""

    ALLOW_SELECT = False
    SHOWS_DATA = True
    """Whether it goes dim when what it shows is no longer live; the frame doesn't."""
    _strips: Sequence[Strip] = ()

    def redraw(self, *, everything: bool = False) -> None:
        """Compares what should be shown with what is, and repaints the difference."""
        if not self.is_mounted or not self.size:
            return
        old, self._strips = self._strips, self._drawn()
        if everything or not self._fits(old):
            self.refresh()
            return
        regions = [Region(x, y, cells, 1)
                   for y, (before, after) in enumerate(zip(old, self._strips, strict=True))
                   for x, cells in changed_spans(before, after)]
        if regions:
            self.refresh(*regions)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted and self._strips:
            self.redraw(everything=True)

    def render_line(self, y: int) -> Strip:
        if not self._fits(self._strips):
            self._strips = self._drawn()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _fits(self, strips: Sequence[Strip]) -> bool:
        """Whether these were drawn for the size that we have."""
        return bool(strips) and (strips[0].cell_length, len(strips)) == (self.size.width, self.size.height)

    @abstractmethod
    def _drawn(self) -> list[Strip]:
        """A strip for each line, as wide as the widget."""


class Lines(Painted):
    """Lines of toned text: given by `show`, or made for the size at hand by a subclass in `lines`."""

    _content: Sequence[Line] = ()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """What to show in `width` by `height` cells; lines left out are blank."""
        return self._content

    def show(self, *content: Line) -> None:
        """Shows these lines instead of those before."""
        self._content = content
        self.redraw()

    def base_style(self) -> Style:
        """What every piece is drawn over."""
        return self.rich_style

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        found, base = inks(self), self.base_style()
        lines = list(self.lines(width, height))[:height]
        lines += [()] * (height - len(lines))
        return [text.strip(line, width, found, base) for line in lines]
