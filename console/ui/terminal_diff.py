"""What goes down the wire: the cells that differ from those that stand on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from console.ui import text

JOIN_GAPS_OF = 6
"""Two changed spans this near are sent as one: moving the cursor costs as much as the cells between."""

UNKNOWN = "\ue000"
"""A cell that may hold anything. Without a style it is like none that we write."""

Piece = tuple[int, int, Strip]
"""Column, line, and the strip that is to stand there."""


class ScreenBuffer:
    """What stands on the terminal, a strip a line, as far as it is known.

    Textual 8.2 paints the whole screen three times while it starts and once whenever the focus moves, and a partial
    repaint from the left edge of every widget that it touches.
    """

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}
        self._size: Size | None = None

    def resize(self, size: Size) -> None:
        """The terminal is so large; terminals differ in what they make of their lines when that changes."""
        if size != self._size:
            self._size = size
            self.forget()

    def forget(self) -> None:
        """Something else has written: what is painted next is sent whole."""
        self._lines.clear()

    def change(self, x: int, y: int, strip: Strip, console: Console) -> str:
        """What to write so that `strip` stands in line `y` from column `x` on."""
        end = x + strip.cell_length
        line = self._lines.get(y)
        if line is None and x == 0:
            self._lines[y] = strip
            return _at(x, y, strip, console)
        line = line or Strip([])
        if line.cell_length < end:
            line = Strip.join([line, Strip([Segment(UNKNOWN * (end - line.cell_length))])])
        before = line if (x, end) == (0, line.cell_length) else line.crop(x, end)
        if before == strip:
            return ""
        self._lines[y] = Strip.join([line.crop(0, x), strip, line.crop(end)])
        return "".join(_at(x + start, y, strip.crop(start, start + cells), console)
                       for start, cells in changed_spans(before, strip))


class DiffUpdate(CompositorUpdate):
    """An update of Textual's of which only that is sent which isn't there yet."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, written: ScreenBuffer) -> None:
        self._update = update
        self._written = written

    def render_segments(self, console: Console) -> str:
        """The update as escape sequences and text."""
        pieces = _whole(self._update) if isinstance(self._update, LayoutUpdate) else _spans(self._update)
        return "".join(self._written.change(x, y, strip, console) for x, y, strip in pieces)


def _whole(update: LayoutUpdate) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        yield update.region.x, y, Strip.join(list(strips))


def _spans(update: ChopsUpdate) -> Iterator[Piece]:
    for y, first, beyond in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= beyond or end <= first:
                continue
            left, right = max(x, first), min(end, beyond)
            yield left, y, strip if (left, right) == (x, end) else strip.crop(left - x, right - x)


def _at(x: int, y: int, strip: Strip, console: Console) -> str:
    """What writes the strip there. Here everything passes that a widget draws, so here it is made harmless at last."""
    strip = strip.simplify()
    if any(text.safe(segment.text) is not segment.text for segment in strip):
        strip = Strip([Segment(text.safe(segment.text), segment.style) for segment in strip])
    return Control.move_to(x, y).segment.text + strip.render(console)


def changed_spans(old: Strip, new: Strip) -> Iterator[tuple[int, int]]:
    """Where two strips differ: first cell and number of cells, near spans joined."""
    if old == new:
        return
    # Taking apart into cells what is the same on both sides would cost more than everything else.
    group, other = list(old), list(new)
    most = min(len(group), len(other))
    head = next((index for index in range(most) if group[index] != other[index]), most)
    offset = sum(segment.cell_length for segment in group[:head])
    tail = 0
    if old.cell_length == new.cell_length:
        tail = next((index for index in range(most - head) if group[-1 - index] != other[-1 - index]), most - head)
    before, after = _cells(group[head:len(group) - tail]), _cells(other[head:len(other) - tail])
    length = max(len(before), len(after))
    before += [("", None)] * (length - len(before))
    after += [("", None)] * (length - len(after))
    start = end = -1
    for x in range(length):
        if before[x] == after[x]:
            continue
        if start >= 0 and x - end > JOIN_GAPS_OF:
            yield offset + start, end - start + 1
            start = -1
        start = x if start < 0 else start
        end = x
    if start >= 0:
        yield offset + start, end - start + 1


def _cells(segments: Iterable[Segment]) -> list[tuple[str, Style | None]]:
    """What stands in each cell of these segments: a character with the marks that combine with it.

    A wide character's second cell differs when the first one does.
    """
    cells: list[tuple[str, Style | None]] = []
    for segment in segments:
        if segment.text.isascii():
            cells.extend((character, segment.style) for character in segment.text)
        else:
            for shown, width in _clusters(segment.text):
                cells.extend([(shown, segment.style), *[(f"{shown} ", segment.style)] * (width - 1)][:width])
    return cells


def _clusters(segment: str) -> Iterator[tuple[str, int]]:
    """Characters with the marks of no width that follow them, and the cells that they take."""
    shown, width = "", 0
    for character in segment:
        cells = text.width(character)
        if cells and shown:
            yield shown, width
            shown, width = "", 0
        shown, width = shown + character, width + cells
    if shown:
        yield shown, width
