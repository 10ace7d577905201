"""A measurement over time in full: heading, areas or curves with gaps, thresholds, named values and times on the axes.
"""

from __future__ import annotations

from msgspec.structs import replace
from rich.text import Text
from textual.strip import Strip

from console.ui import text
from console.ui.text import asciify
from console.ui.widgets.chart import COLOURS, INKS, NUMBERS, figure_of, ink_of
from console.ui.widgets.painting import Painted, console_app, inks
from console.ui.widgets.stack_chart import Pen
from console.view.metrics.plots import TONES, Drawing
from console.view.series import gaps
from console.view.stack import Layer, Stack

_COLOUR_OF = dict(zip(INKS, COLOURS, strict=True))

AXIS_CELLS = 9
"""What the vertical axis takes at most: the rest is for the values, one a cell."""


LETTERS = "#o."
"""What the layers are in ASCII."""


class TimeChart(Painted):
    """`show` draws a view.metrics.Drawing, and nothing when it is the same as before."""

    _drawing: Drawing | None = None

    @property
    def buckets(self) -> int:
        """How many values side by side there is room for."""
        return max(20, self.size.width - AXIS_CELLS)

    def show(self, drawing: Drawing) -> None:
        if drawing != self._drawing:
            self._drawing = drawing
            self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        base, found = self.rich_style, inks(self)
        if self._drawing is None:
            return [Strip.blank(width, base)] * height
        heading = self._drawing.heading
        if sum(text.width(words) for words, _ in heading) > width:
            heading = self._drawing.brief
        strips = [text.strip(heading, width, found, base)]
        if (area := self._area(width, height - 1)) is not None:
            strips += area
            return (strips + [Strip.blank(width, base)] * (height - len(strips)))[:height]
        by_colour = {number: found[ink] for number, ink in zip(NUMBERS, INKS, strict=True)}
        for line in self._plotted(width, height - 1):
            segments = [segment._replace(style=base + ink_of(segment.style, by_colour, found["dim"]))
                        for segment in line.render(self.app.console, end="")]
            strips.append(Strip(segments).adjust_cell_length(width, base))
        return (strips + [Strip.blank(width, base)] * (height - len(strips)))[:height]

    def _area(self, width: int, height: int) -> list[Strip] | None:
        """The areas below the heading; None for what is drawn as lines, or not at all."""
        drawing = self._drawing
        if drawing is None or drawing.shape == "lines" or width < 24 or height < 3 \
                or not any(series.known for series in drawing.series):
            return None
        return Pen(areas(drawing), inks(self), self.rich_style, is_ascii=console_app(self).is_ascii).strips(
            width, height)

    def _plotted(self, width: int, height: int) -> list[Text]:
        """The lines below the heading: plotext takes tens of milliseconds, and the heading changes more often."""
        assert self._drawing is not None
        picture = (replace(self._drawing, heading=(), brief=()), width, height)
        if picture != self._picture:
            self._picture = picture
            drawn = plot(self._drawing, width, height, is_ascii=console_app(self).is_ascii)
            self._lines = list(drawn.split("\n"))[:max(0, height)]
        return self._lines

    _picture: tuple[Drawing, int, int] | None = None
    _lines: list[Text]


def areas(drawing: Drawing) -> Stack:
    """A drawing as layers upon each other, whose names its heading tells."""
    low = drawing.low
    return Stack(
        title=(), aside=(), high=drawing.high - low, span_s=drawing.span_s, columns=drawing.columns,
        axis_cells=AXIS_CELLS, rows=tuple((value - low, words) for value, words in drawing.rows),
        limits=tuple((value - low, "W" if tone == "warning" else "C", tone) for value, tone in drawing.limits),
        marks=drawing.marks, layers=tuple(
            Layer(series.name, letter, tone, tuple(None if value is None else value - low for value in series.values))
            for series, letter, tone in zip(drawing.series, LETTERS, TONES, strict=False)))


def plot(drawing: Drawing, width: int, height: int, *, is_ascii: bool = False) -> Text:
    """The curves as text of `width` by `height` cells; why there are none where there are none."""
    if width < 24 or height < 3 or not any(series.known for series in drawing.series):
        return Text("\n".join(f" {line}" for line in text.wrap(drawing.empty, max(1, width - 2))[:max(0, height)]))
    figure = figure_of(width, height)
    figure.xlim(-drawing.span_s, 0)
    figure.ylim(drawing.low, drawing.high)
    for value, tone in drawing.limits:
        figure.plot([-drawing.span_s, 0], [value, value], color=_COLOUR_OF[tone], marker="-" if is_ascii else "╌")
    count = max(len(series.values) for series in drawing.series)
    width_s = drawing.span_s / count
    for found, tone in reversed(list(zip(drawing.series, TONES, strict=False))):
        for start, run in gaps(found.values):
            at = [(start + index + 0.5 - count) * width_s for index in range(len(run))]
            figure.plot(at, run, color=_COLOUR_OF[tone], marker="." if is_ascii else "braille")
    figure.yticks([value for value, _ in drawing.rows], [words.rjust(7) for _, words in drawing.rows])
    figure.xticks([at for at, _ in drawing.columns], [words for _, words in drawing.columns])
    built = figure.build()
    drawn = Text.from_ansi(asciify(built) if is_ascii else built)
    return _marked(drawn, drawing, width, "^" if is_ascii else "▲") if drawing.marks else drawn


def _marked(drawn: Text, drawing: Drawing, width: int, sign: str) -> Text:
    """The curves with a sign on the time axis where something changed."""
    lines = list(drawn.split("\n"))
    corner = min((place for letter in "└+" if (place := lines[-2].plain.find(letter)) >= 0), default=-1)
    if corner < 0:
        return drawn
    room = width - corner - 1
    for mark in drawing.marks:
        place = corner + 1 + min(room - 1, max(0, round(room * (1 + mark.at_s / drawing.span_s))))
        before, _, after = lines[-2].divide([place, place + 1]) if place + 1 < len(lines[-2]) else (
            *lines[-2].divide([place]), Text())
        lines[-2] = Text.assemble(before, sign, after)
    return Text("\n").join(lines)
