"""What goes down the wire for a partial repaint: the changed cells, and not all that is left of them."""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class SpansUpdate(ChopsUpdate):
    """A partial update of Textual's that is cut at both ends.

    Textual 8.2 cuts the spans at their right ends only and writes each widget from its left edge, so that the clock
    at the end of a line would carry the line with it, every second.
    """

    def render_segments(self, console: Console) -> str:
        """The update as escape sequences and text."""
        written: list[str] = []
        for y, first, beyond in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= beyond or end <= first:
                    continue
                left, right = max(x, first), min(end, beyond)
                written.append(Control.move_to(left, y).segment.text)
                part = strip if (left, right) == (x, end) else strip.crop(left - x, right - x)
                written.append(part.render(console))
        return "".join(written)
