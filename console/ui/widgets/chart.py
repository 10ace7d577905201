"""A chart with axes: lines over time or points in a plane. plotext is behind it and is imported with the first one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from console.ui.text import asciify, clean
from console.ui.widgets.painting import Painted, console_app, inks
from console.view.series import Series, gaps

INKS = ("accent", "ok", "warning", "critical", "dim")
_COLOURS = ("cyan", "green", "yellow", "red", "white")


class Chart(Painted):
    """Shows series over the same time axis; what is unknown stays a gap. `show` gives them, newest value last."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, seconds_a_sample: float = 1.0) -> None:
        super().__init__(id=id, classes=classes)
        self._series: Sequence[Series] = ()
        self._seconds = seconds_a_sample

    def show(self, *series: Series, seconds_a_sample: float | None = None) -> None:
        """Draws these series; the distance in time of two values is in seconds."""
        self._series = series
        self._seconds = seconds_a_sample or self._seconds
        self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        base, found = self.rich_style, inks(self)
        by_colour = {colour: found[ink] for colour, ink in zip(_COLOURS, INKS, strict=True)}
        lines = draw(self._series, width, height, self._seconds, is_ascii=console_app(self).is_ascii).split("\n")
        strips = []
        for line in lines[:height]:
            segments = [segment._replace(style=base + _ink(segment.style, by_colour, found["dim"]))
                        for segment in line.render(console_app(self).console, end="")]
            strips.append(Strip(segments).adjust_cell_length(width, base))
        return strips + [Strip.blank(width, base)] * (height - len(strips))


def _ink(style: Style | None, by_colour: dict[str, Style], axis: Style) -> Style:
    """plotext's colours stand for our inks; axes and labels are dim."""
    return by_colour.get(style.color.name, axis) if style is not None and style.color is not None else axis


def draw(series: Sequence[Series], width: int, height: int, seconds_a_sample: float, *, is_ascii: bool = False) -> Text:
    """The series as text of `width` by `height` cells; "no data yet" where there is none."""
    if width < 12 or height < 4 or not any(one.known for one in series):
        return Text("no data yet" if width >= 11 else "")
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.limitsize(False, False)
    plotext.frame(False)
    plotext.yaxes(True, False)
    plotext.xaxes(True, False)
    length = max(len(one.values) for one in series)
    for one, colour in zip(series, _COLOURS, strict=False):
        first = length - len(one.values)
        for number, (start, run) in enumerate(gaps(one.values)):
            at = [(first + start + index - length + 1) * seconds_a_sample for index in range(len(run))]
            plotext.plot(at, run, color=colour, marker="dot" if is_ascii else "braille",
                         label=clean(one.name) if number == 0 and len(series) > 1 else None)
    low = min((one.scale()[0] for one in series), default=0.0)
    high = max(one.scale()[1] for one in series)
    plotext.ylim(low, high)
    plotext.xlim((1 - length) * seconds_a_sample, 0)
    built = plotext.build()
    return Text.from_ansi(asciify(built) if is_ascii else built)
