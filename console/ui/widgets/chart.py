"""A chart with axes: lines over time or points in a plane. plotext is behind it and is imported with the first one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from console.text import format as fmt
from console.ui.text import asciify, clean
from console.ui.widgets.painting import Painted, console_app, inks
from console.view.plane import Plane, ticks
from console.view.series import Series, gaps
from console.view.table import Tone

INKS: tuple[Tone, ...] = ("accent", "ok", "warning", "critical", "dim")
COLOURS = ("cyan", "green", "orange", "red", "gray")
AXIS_CELLS, AXIS_LINES = 6, 3
"""About what the axes and their labels take."""
NUMBERS = (6, 2, 3, 1, 8)
"""What plotext makes of these, as ANSI has it."""


class Chart(Painted):
    """Shows series over the same time axis, or a plane of points; what is unknown stays a gap. `show` and `show_plane`
    give them."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, seconds_a_sample: float = 1.0) -> None:
        super().__init__(id=id, classes=classes)
        self._series: Sequence[Series] = ()
        self._seconds = seconds_a_sample
        self._plane: Plane | None = None

    def show_plane(self, plane: Plane | None) -> None:
        """Draws these points; None draws nothing."""
        self._series, self._plane = (), plane
        self.redraw()

    def show(self, *series: Series, seconds_a_sample: float | None = None) -> None:
        """Draws these series, newest value last; the distance in time of two values is in seconds."""
        self._series, self._plane = series, None
        self._seconds = seconds_a_sample or self._seconds
        self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        base, found = self.rich_style, inks(self)
        by_colour = {number: found[ink] for number, ink in zip(NUMBERS, INKS, strict=True)}
        is_ascii = console_app(self).is_ascii
        drawn = draw(self._series, width, height, self._seconds, is_ascii=is_ascii) if self._plane is None else \
            draw_plane(self._plane, width, height, is_ascii=is_ascii)
        lines = drawn.split("\n")
        strips = []
        for line in lines[:height]:
            segments = [segment._replace(style=base + ink_of(segment.style, by_colour, found["dim"]))
                        for segment in line.render(self.app.console, end="")]
            strips.append(Strip(segments).adjust_cell_length(width, base))
        return strips + [Strip.blank(width, base)] * (height - len(strips))


def ink_of(style: Style | None, by_colour: dict[int, Style], axis: Style) -> Style:
    """plotext's colours stand for our inks; axes and labels are dim."""
    number = style.color.number if style is not None and style.color is not None else None
    return axis if number is None else by_colour.get(number, axis)


def figure_of(width: int, height: int) -> Any:
    """plotext with an empty figure of so many cells."""
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.limitsize(False, False)
    plotext.frame(False)
    plotext.yaxes(True, False)
    plotext.xaxes(True, False)
    return plotext


def draw(series: Sequence[Series], width: int, height: int, seconds_a_sample: float, *, is_ascii: bool = False) -> Text:
    """The series as text of `width` by `height` cells; "no data yet" where there is none."""
    if width < 12 or height < 4 or not any(item.known for item in series):
        return Text("no data yet" if width >= 11 else "")
    plotext = figure_of(width, height)
    length = max(len(item.values) for item in series)
    for found, colour in zip(series, COLOURS, strict=False):
        first = length - len(found.values)
        for number, (start, run) in enumerate(gaps(found.values)):
            at = [(first + start + index - length + 1) * seconds_a_sample for index in range(len(run))]
            plotext.plot(at, run, color=colour, marker="." if is_ascii else "braille",
                         label=clean(found.name) if number == 0 and len(series) > 1 else None)
    low = min((item.scale()[0] for item in series), default=0.0)
    high = max(item.scale()[1] for item in series)
    plotext.ylim(low, high)
    begin = -max(1, length - 1) * seconds_a_sample  # an axis from 0 to 0 would be divided by
    plotext.xlim(begin, 0)
    marks = [begin, begin / 2, 0.0] if width >= 36 and length > 2 else [begin, 0.0]
    plotext.xticks(marks, [fmt.duration(at) if at else "now" for at in marks])
    built = plotext.build()
    return Text.from_ansi(asciify(built) if is_ascii else built)


def draw_plane(plane: Plane, width: int, height: int, *, is_ascii: bool = False) -> Text:
    """The points as text of `width` by `height` cells, each with its label beside it where there
    is room; "" without points."""
    if width < 24 or height < 6 or not plane.points:
        return Text("")
    figure = figure_of(width, height)
    (left, right), (low, high) = plane.x_range(), plane.y_range()
    # plotext's own logarithmic axis takes no limits
    at: Callable[[float], float] = math.log10 if plane.is_logarithmic else float
    colours = dict(zip(INKS, COLOURS, strict=True))
    figure.xlim(at(left), at(right))
    figure.ylim(low, high)
    for x, label in plane.lines:
        figure.plot([at(x), at(x)], [low, high], color="gray", marker=":" if is_ascii else "│")
        figure.text(f"{clean(label)} ", at(x), low + (high - low) * 0.1, color="gray", alignment="right")
    for cloud in plane.clouds:
        if cloud.joined and len(cloud.points) > 1:
            figure.plot([at(x) for x, _, _ in cloud.points], [y for _, y, _ in cloud.points],
                        color=colours[cloud.tone], marker="." if is_ascii else "braille")
    taken: dict[int, list[tuple[int, int]]] = {}
    for cloud in plane.clouds:
        sign, colour = asciify(cloud.sign) if is_ascii else cloud.sign, colours[cloud.tone]
        for x, y, _ in cloud.points:
            figure.text(sign, at(x), y, color=colour, alignment="left")
    for cloud in reversed(plane.clouds):  # the last is the most important: its labels are never left out
        sign, colour = asciify(cloud.sign) if is_ascii else cloud.sign, colours[cloud.tone]
        for x, y, label in cloud.points:
            column = round((at(x) - at(left)) / (at(right) - at(left)) * (width - AXIS_CELLS))
            row = round((y - low) / (high - low) * (height - AXIS_LINES))
            cells = column, column + 2 + len(label)
            beside = taken.setdefault(row, [])
            if all(cells[1] <= begin or end <= cells[0] for begin, end in beside):
                beside.append(cells)
                figure.text(f"{sign}{clean(label)}", at(x), y, color=colour, alignment="left")
    places = ticks(left, right, plane.is_logarithmic)
    figure.xticks([at(place) for place in places], [fmt.number(place) for place in places])
    heights = ticks(low, high, False, max(3, height // 4))
    figure.yticks(heights, [f"{value:.2f}" for value in heights])
    figure.xlabel(plane.x_title)
    built = figure.build()
    return Text.from_ansi(asciify(built) if is_ascii else built)
