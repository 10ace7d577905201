"""Layers over time: heading with a legend, filled areas, axes with few round values, a limit, and what changed when."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.ui import text
from console.ui.themes import Inks
from console.ui.widgets.painting import Painted, console_app, inks
from console.view.stack import EIGHTHS, NOTHING, Patch, Stack, column
from console.view.table import Line, Tone

AXIS_CELLS = 6
"""What the vertical axis of the main chart takes."""

TEXTURES = "█▓▒░╳·"
"""What tells the layers apart where there are no colours."""

Cell = tuple[str, Style]


class StackChart(Painted):
    """`show` draws a view.stack.Stack, and nothing when it is the same as before."""

    _stack: Stack | None = None

    @property
    def buckets(self) -> int:
        """How many values side by side there is room for."""
        return max(10, self.size.width - AXIS_CELLS)

    def show(self, stack: Stack) -> None:
        if stack != self._stack:
            self._stack = stack
            self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        base, found = self.rich_style, inks(self)
        stack = self._stack
        if stack is None or height < 1:
            return [Strip.blank(width, base)] * height
        pen = Pen(stack, found, base, is_ascii=console_app(self).is_ascii)
        strips = [text.strip(fitted(pen.legend(), stack.aside, width), width, found, base)]
        if not stack.layers or width < AXIS_CELLS + 10 or height < 3:
            strips += [text.strip(((f" {words}", "dim"),), width, found, base)
                       for words in text.wrap(stack.empty, max(1, width - 2))]
        else:
            strips += pen.strips(width, height - 1)
        return (strips + [Strip.blank(width, base)] * (height - len(strips)))[:height]


def fitted(left: Line, right: Line, width: int) -> Line:
    """Both in one line, the right one at its end, where there is room for it."""
    gap = width - sum(text.width(words) for words, _ in (*left, *right))
    return (*left, (" " * gap, ""), *right) if gap >= 2 else left


def _strip(cells: Sequence[Cell], width: int, base: Style) -> Strip:
    """Cells as a strip, those of one style together."""
    segments: list[Segment] = []
    run, style = "", base
    for glyph, own in cells:
        if own != style:
            if run:
                segments.append(Segment(run, style))
            run, style = "", own
        run += glyph
    return Strip([*segments, Segment(run, style)]).adjust_cell_length(width, base)


class Pen:
    """Draws the parts of a stack as cells: in colours, without them in textures, and in ASCII in letters."""

    def __init__(self, stack: Stack, found: Inks, base: Style, *, is_ascii: bool) -> None:
        self._stack = stack
        self._inks = found
        self._base = base
        self._is_ascii = is_ascii
        self._has_colours = found["ok"].color is not None and not found["ok"].color.is_default
        self._fills = [found[layer.tone].color for layer in stack.layers]

    def legend(self) -> Line:
        """The title, and each layer's sign with its name and value."""
        pieces: list[tuple[str, Tone]] = list(self._stack.title)
        for number, layer in enumerate(self._stack.layers):
            tone: Tone = layer.tone if self._has_colours else ""
            pieces += [("  ", ""), (self._sign(number), tone), (f" {layer.name} ", ""), (layer.now, "strong")]
        return tuple(pieces)

    def _sign(self, number: int) -> str:
        if self._is_ascii:
            return self._stack.layers[number].letter
        return "█" if self._has_colours else TEXTURES[number % len(TEXTURES)]

    def strips(self, width: int, height: int) -> list[Strip]:
        """The areas with both axes, and what changed: in words below where there is room for it."""
        axis, has_room = self.times(width), height > 5
        if not has_room:
            for mark in self._stack.marks:
                axis[self._place(width, mark.at_s)] = (self._mark_sign, self._base + self._inks["accent"])
        below = [axis] + ([self.marks(width)] if self._stack.marks and has_room else [])
        return [_strip(cells, width, self._base) for cells in (*self.area(width, height - len(below)), *below)]

    def area(self, width: int, height: int) -> list[list[Cell]]:
        """The filled areas with the vertical axis, from the top."""
        stack, dim, axis = self._stack, self._base + self._inks["dim"], self._stack.axis_cells
        values = list(zip(*(layer.values for layer in stack.layers), strict=True))[-(width - axis):]
        columns = [column(moment, stack.high, height) for moment in values]
        unknown = [all(value is None for value in moment) for moment in values]

        def place(value: float) -> int:
            """The row that a value reaches into, from below."""
            return min(height - 1, max(0, math.ceil(value / stack.high * height - 1e-9) - 1))

        labels: dict[int, tuple[str, Tone]] = {place(value): (words, "dim") for value, words in stack.rows}
        limits = {place(value): (words, tone) for value, words, tone in stack.limits if value <= stack.high}
        labels |= limits
        lines = []
        for row in reversed(range(height)):
            words, tone = labels.get(row, ("", "dim"))
            tick = ("+" if words else "|") if self._is_ascii else ("┤" if words else "│")
            own = self._base + self._inks[tone]
            limit = limits[row][1] if row in limits else None
            cells: list[Cell] = [*((letter, own) for letter in text.fit(words, axis - 1, "right")), (tick, dim)]
            cells += [self._cell(patches[row], limit, is_gap=is_unknown and row == 0)
                      for patches, is_unknown in zip(columns, unknown, strict=True)]
            lines.append(cells)
        return lines

    def _cell(self, patch: Patch, limit: Tone | None, *, is_gap: bool) -> Cell:
        if patch is NOTHING:
            if limit is not None:
                return ("-" if self._is_ascii else "╌", self._base + self._inks[limit])
            return ("." if self._is_ascii else "·", self._base + self._inks["faint"]) if is_gap else (" ", self._base)
        assert patch.below is not None
        if self._is_ascii or not self._has_colours:
            return self._plain(patch)
        if limit is not None and (patch.above is not None or patch.glyph == "█"):
            return "╌", self._base + Style(bgcolor=self._fills[patch.below], color=self._base.bgcolor)
        return patch.glyph, self._base + Style(
            color=self._fills[patch.below],
            bgcolor=self._fills[patch.above] if patch.above is not None else None)

    def _plain(self, patch: Patch) -> Cell:
        """Without colours a cell belongs to whoever has most of it."""
        assert patch.below is not None
        share = EIGHTHS.index(patch.glyph)
        layer = patch.below if patch.above is None or share >= 4 else patch.above
        if patch.above is None and share < 4:
            return "_" if self._is_ascii else "▁", self._base
        return self._stack.layers[layer].letter if self._is_ascii else TEXTURES[layer % len(TEXTURES)], self._base

    def times(self, width: int) -> list[Cell]:
        """The time axis with the round times on it."""
        line, corner, tick = ("-", "+", "+") if self._is_ascii else ("─", "└", "┴")
        return self._labelled(width, self._stack.columns, line, corner, tick, "dim", keeps=False)

    def marks(self, width: int) -> list[Cell]:
        """What changed, below its time."""
        found = [(mark.at_s, mark.words) for mark in self._stack.marks]
        return self._labelled(width, found, " ", " ", self._mark_sign, "accent", keeps=True)

    @property
    def _mark_sign(self) -> str:
        return "^" if self._is_ascii else "▲"

    def _place(self, width: int, at_s: float) -> int:
        """The column of a moment."""
        axis = self._stack.axis_cells
        return min(width - 1, axis + round((width - axis) * (1 + at_s / self._stack.span_s)))

    def _labelled(self, width: int, labels: Sequence[tuple[float, str]], fill: str, corner: str, tick: str, tone: Tone,
                  *, keeps: bool) -> list[Cell]:
        """A line on which each of `labels` stands behind its tick, those that have room, the newest first. The last has
        no room behind it: where `keeps`, it stands before its tick."""
        style = self._base + self._inks["dim"]
        axis = self._stack.axis_cells
        cells: list[Cell] = [*[(" ", style)] * (axis - 1), (corner, style), *[(fill, style)] * (width - axis)]
        free = width
        for at_s, words in reversed(labels):
            place = self._place(width, at_s)
            shown = f"{tick}{text.clean(words)}"
            if free == width and place + text.width(shown) > free:
                if not keeps:
                    cells[place] = (tick, self._base + self._inks[tone])
                    continue
                shown = f"{text.clean(words)}{tick}"
                place -= text.width(shown) - 1
            if place + text.width(shown) > free or place < axis:
                continue
            own = self._base + self._inks[tone]
            cells[place:place + text.width(shown)] = [
                cell for letter in shown for cell in ((letter, own), *[("", own)] * (cell_len(letter) - 1))]
            free = place - 1
        return cells[:width]
