"""Painting only what changed: an SSH link carries the cells that differ, not the widget."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from rich.style import Style
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.ui import text
from console.ui.terminal_diff import changed_spans
from console.ui.themes import Inks
from console.view.table import Line

if TYPE_CHECKING:
    from console.ui.host import Host


def console_app(widget: Widget) -> Host:
    """The console that `widget` belongs to."""
    return cast("Host", widget.app)


def inks(widget: Painted) -> Inks:
    """The styles by tone for `widget`: the theme's, or all dim where what is shown is no longer live."""
    app = console_app(widget)
    return app.stale_inks if widget.SHOWS_DATA and widget.screen.has_class("-stale") else app.inks


class Painted(Widget, can_focus=False):
    """A widget that draws its own strips in `_drawn`; `redraw` compares them with those before."""

    ALLOW_SELECT = False
    SHOWS_DATA = True
    """Whether it goes dim when what it shows is no longer live; the frame doesn't."""
    _strips: Sequence[Strip] = ()

    def redraw(self, *, everything: bool = False) -> None:
        """Compares what should be shown with what is, and repaints the difference."""
        if not self.is_mounted or not self.size:
            self._strips = ()  # what was drawn before is not what is shown once there is room again
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


class Blank(Container):
    """A container that is nothing but background, which Textual need not look for a border or padding in."""

    BLANK = True


class Filterable(Painted):
    """What the filter's line works on: a table, of which only what fits is shown then, or a text that is searched."""

    FILTER_HINT = "search"
    """What stands in the line while it is empty."""
    HAS_OWN_LINE = False
    """Whether the line is about this as soon as it has the keys; else only while there is something in it."""
    needle = ""
    filter_ended: Callable[[], object] | None = None
    """What is called when the filter is taken away here, not in the line."""

    @abstractmethod
    def filter(self, needle: str) -> None:
        """Shows what fits, or where it is; "" shows everything."""


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
