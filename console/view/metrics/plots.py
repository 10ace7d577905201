"""Measurements over time as plots: which series stand in one picture, in what unit, against which thresholds."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from console.check.records import CheckResult
from console.text import format as fmt
from console.view.series import Series
from console.view.stack import TimeMark, highest, rounded_up, times
from console.view.table import Line, Tone

TONES: tuple[Tone, ...] = ("accent", "ok", "dim")
"""Of a picture's series, in their order. Amber and red are left to thresholds."""

SPANS: tuple[tuple[float, str], ...] = ((300.0, "5 min"), (1800.0, "30 min"), (7200.0, "2 h"), (21600.0, "6 h"),
                                      (86400.0, "24 h"))
"""How far back the pictures look, in seconds and words."""

WORTH_DRAWING = 3.0
"""A threshold is drawn while it is at most so many times the highest value: farther away it would flatten the rest."""


ABOVE = 1.1
"""So much of a threshold is in the picture, to be seen as a line and not as the edge."""

CLEAR = 0.05
"""So much of the height a threshold must be above the bottom: on it, it would look like a value."""

COUNTED_S: tuple[float, ...] = (30.0, 60.0, 300.0, 900.0, 3600.0)
MOST_COUNTS = 30

Shape = Literal["area", "lines", "counts"]
"""Areas upon each other, whose sum is what matters; lines, for what has no sum; or events, as how many there were in
each interval: a rate of what is rare says nothing."""


class Threshold(Struct, frozen=True):
    """The check whose thresholds belong into a picture, and what its values are multiplied by to fit its unit.

    `of` names a measurement that the factor itself is multiplied by: a percentage of that.
    """

    check: str
    factor: float = 1.0
    of: str = ""


class Plot(Struct, frozen=True, kw_only=True):
    """A picture: its `series` by name of the sampler, with the words for each (none where there is one).

    `factor` turns the sampler's unit into the picture's; `text` writes a value. `low` and `high` fix the scale.
    `needs` says what the server must be told to measure it, shown while nothing was. The values of `counts` are how
    many there were in the interval, see `counted_s`.
    """

    title: str
    series: Mapping[str, str]
    short: str = ""
    """A shorter title, where the values need the room."""
    text: Callable[[float | None], str] = fmt.number
    factor: float = 1.0
    base: float = 10.0
    low: float | None = 0.0
    high: float | None = None
    threshold: Threshold | None = None
    needs: str = ""
    shape: Shape = "area"


class Drawing(Struct, frozen=True):
    """A plot with its values: what the widget draws. `limits` are thresholds, `rows` values and `columns` seconds
    before the right edge that are named on the axes."""

    heading: Line
    brief: Line
    """The heading where there is no room for it: the thresholds are on the axis all the same."""
    series: tuple[Series, ...]
    limits: tuple[tuple[float, Tone], ...]
    low: float
    high: float
    span_s: float
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    empty: str
    shape: Shape = "area"
    marks: tuple[TimeMark, ...] = ()
    """What changed meanwhile."""


def counted_s(span_s: float) -> float:
    """The length of the intervals in which events are counted, where so many seconds are shown."""
    return next((each for each in COUNTED_S if span_s / each <= MOST_COUNTS), COUNTED_S[-1])


def bars(counts: Mapping[int, float], interval_s: float, end_s: float, span_s: float, count: int
         ) -> tuple[float | None, ...]:
    """`count` values of the `span_s` seconds before `end_s`: in each what was counted in its interval, by the number of
    that; None where nothing was measured. Intervals that are wide enough have a gap between them."""
    width = span_s / count
    numbers = [math.floor((end_s - (count - at - 0.5) * width) / interval_s) for at in range(count)]
    has_gaps = interval_s / width >= 3
    return tuple(0.0 if has_gaps and number != after and number in counts else counts.get(number)
                 for number, after in zip(numbers, [*numbers[1:], numbers[-1]], strict=True))


def drawing(plot: Plot, values: Mapping[str, Sequence[float | None]], latest: Mapping[str, float | None],
            results: Mapping[str, CheckResult], *, span_s: float, edge: dt.datetime,
            totals: Mapping[str, float] | None = None, marks: Sequence[TimeMark] = ()) -> Drawing:
    """`plot` with the `values` of its series at equal distances in time, the last one up to `edge` (local time).

    `latest` are the measurements as they are now, `results` those of the checks by name. `totals` are how many events
    there were in all of the time.
    """
    named = [(name, words or plot.title) for name, words in plot.series.items()]
    series = tuple(
        Series(words, tuple(None if value is None else value * plot.factor for value in values.get(name, ())))
        for name, words in named)
    known = [value for item in series for value in item.known]
    limits = _limits(plot, latest, results)
    top = max(known, default=0.0) if plot.shape == "lines" or not known else highest([item.values for item in series])
    low, high = _scale(plot, known, top, [value for value, _ in limits])
    shown = tuple((value, tone) for value, tone in limits if low + (high - low) * CLEAR <= value <= high)
    now = [(words, tone, _times(latest.get(name), plot.factor))
           for (name, words), tone in zip(named, TONES, strict=False)]
    heading = _heading(plot, now, limits) if plot.shape != "counts" else _counted(plot, named, totals or {}, span_s)
    brief = ((f"{plot.short or plot.title} ", ""), *heading[1:len(heading) - (
        1 if plot.shape == "counts" else 2 * len(limits))])
    return Drawing(heading, brief, series, shown, low, high, span_s, _rows(low, high, plot), time_marks(edge, span_s),
                   plot.needs if not known and plot.needs else "nothing known yet", plot.shape, tuple(marks))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _limits(plot: Plot, latest: Mapping[str, float | None], results: Mapping[str, CheckResult]
            ) -> list[tuple[float, Tone]]:
    threshold = plot.threshold
    result = results.get(threshold.check) if threshold is not None else None
    if threshold is None or result is None:
        return []
    whole = latest.get(threshold.of) if threshold.of else 1.0
    tones: tuple[tuple[float | None, Tone], ...] = ((result.warning, "warning"), (result.critical, "critical"))
    return [(value * threshold.factor * whole, tone) for value, tone in tones
            if value is not None and whole is not None]


def _scale(plot: Plot, known: Sequence[float], top: float, limits: Sequence[float]) -> tuple[float, float]:
    high = plot.high
    if high is None:
        near = [limit * ABOVE for limit in limits if limit <= top * WORTH_DRAWING]
        high = rounded_up(max([top, *near, 2.0 if plot.shape == "counts" else 0.0]), plot.base)
    low = plot.low
    if low is None:  # a percentage that is near its top: what matters is how far it falls
        bottom = min([*known, *limits], default=0.0)
        low = max(0.0, math.floor(bottom / 10) * 10 - 10) if bottom < high else high - 10
    return (low, high) if high > low else (low, low + 1.0)


def _heading(plot: Plot, now: Sequence[tuple[str, Tone, float | None]], limits: Sequence[tuple[float, Tone]]) -> Line:
    """Title, the latest values in their series' tones, and the thresholds."""
    if len(now) == 1:
        pieces: list[tuple[str, Tone]] = [(f"{plot.title} ", ""), (f" {plot.text(now[0][2])}", "accent")]
    else:
        pieces = [(f"{plot.title} ", "")]
        for words, tone, value in now:
            pieces += [(f" {words} ", tone), (plot.text(value), "strong" if tone == "accent" else "")]
    for value, tone in limits:
        pieces += [("  ", ""), (f"{'W' if tone == 'warning' else 'C'} {plot.text(value)}", tone)]
    return tuple(pieces)


def _counted(plot: Plot, named: Sequence[tuple[str, str]], totals: Mapping[str, float], span_s: float) -> Line:
    """Title, how many there were in all of the time, and in what they are counted."""
    pieces: list[tuple[str, Tone]] = [(f"{plot.title} ", "")]
    for (name, words), tone in zip(named, TONES, strict=False):
        pieces += [(f" {words} ", tone), (plot.text(totals.get(name)), "strong" if tone == "accent" else "")]
    return (*pieces, (f"  in {fmt.duration(span_s)}, a bar each {fmt.duration(counted_s(span_s))}", "dim"))


def _rows(low: float, high: float, plot: Plot) -> tuple[tuple[float, str], ...]:
    """The lowest, the middle and the highest value of the vertical axis, in words that differ."""
    named = {plot.text(value): value for value in (high, (low + high) / 2, low)}  # "0 B/s" once, however small it is
    return tuple((value, words) for words, value in reversed(named.items()))


def time_marks(edge: dt.datetime, span_s: float) -> tuple[tuple[float, str], ...]:
    """Round times of the last `span_s` seconds before `edge`, as (seconds, at most 0; HH:MM), about four of them."""
    return times(edge, span_s, 5)
