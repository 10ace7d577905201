"""Measurements over time as plots: which series stand in one picture, in what unit, against which thresholds."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from console.check.records import CheckResult
from console.text import format as fmt
from console.view.series import HEADROOM, Series
from console.view.table import Line, Tone

TONES: tuple[Tone, ...] = ("accent", "ok", "dim")
"""Of a picture's series, in their order. Amber and red are left to thresholds."""

SPANS: tuple[tuple[float, str], ...] = ((300.0, "5 min"), (1800.0, "30 min"), (7200.0, "2 h"), (21600.0, "6 h"))
"""How far back the pictures look, in seconds and words."""

WORTH_DRAWING = 3.0
"""A threshold is drawn while it is at most so many times the highest value: farther away it would flatten the rest."""


CLEAR = 0.05
"""So much of the height a threshold must be above the bottom: on it, it would look like a value."""


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
    `needs` says what the server must be told to measure it, shown while nothing was.
    """

    title: str
    series: Mapping[str, str]
    text: Callable[[float | None], str] = fmt.number
    factor: float = 1.0
    base: float = 10.0
    low: float | None = 0.0
    high: float | None = None
    threshold: Threshold | None = None
    needs: str = ""


class Drawing(Struct, frozen=True):
    """A plot with its values: what the widget draws. `limits` are thresholds, `rows` values and `columns` seconds
    before the right edge that are named on the axes."""

    heading: Line
    series: tuple[Series, ...]
    limits: tuple[tuple[float, Tone], ...]
    low: float
    high: float
    span_s: float
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    empty: str


def drawing(plot: Plot, values: Mapping[str, Sequence[float | None]], latest: Mapping[str, float | None],
            results: Mapping[str, CheckResult], *, span_s: float, edge: dt.datetime) -> Drawing:
    """`plot` with the `values` of its series at equal distances in time, the last one up to `edge` (local time).

    `latest` are the measurements as they are now, `results` those of the checks by name.
    """
    named = [(name, words or plot.title) for name, words in plot.series.items()]
    series = tuple(
        Series(words, tuple(None if value is None else value * plot.factor for value in values.get(name, ())))
        for name, words in named)
    known = [value for item in series for value in item.known]
    limits = _limits(plot, latest, results)
    low, high = _scale(plot, known, [value for value, _ in limits])
    shown = tuple((value, tone) for value, tone in limits if low + (high - low) * CLEAR <= value <= high)
    now = [(words, tone, _times(latest.get(name), plot.factor))
           for (name, words), tone in zip(named, TONES, strict=False)]
    return Drawing(_heading(plot, now, limits), series, shown, low, high, span_s, _rows(low, high, plot),
                   time_marks(edge, span_s), plot.needs if not known and plot.needs else "nothing known yet")


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


def _scale(plot: Plot, known: Sequence[float], limits: Sequence[float]) -> tuple[float, float]:
    top = max(known, default=0.0)
    high = plot.high
    if high is None:
        near = [limit for limit in limits if limit <= top * WORTH_DRAWING]
        high = max([top, *near]) * HEADROOM
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
        pieces.append((f"  {'W' if tone == 'warning' else 'C'} {plot.text(value)}", tone))
    return tuple(pieces)


def _rows(low: float, high: float, plot: Plot) -> tuple[tuple[float, str], ...]:
    """Two or three values of the vertical axis, round in their unit."""
    step = _round((high - low) / 2, plot.base)
    if step <= 0:
        return ()
    first = math.ceil(low / step - 1e-9)
    marks = [number * step for number in range(first, first + 6) if number * step <= high * 1.0001]
    named = {plot.text(value): value for value in reversed(marks)}  # "0 B/s" once, however small the steps are
    return tuple((value, words) for words, value in reversed(named.items()))


def _round(value: float, base: float) -> float:
    """The largest of 1, 2, 5 times a power (of 10, or of 1024 with tens between) that is not above `value`."""
    if value <= 0:
        return 0.0
    unit = base ** math.floor(math.log(value, base)) if base != 10.0 else 1.0
    scaled = value / unit
    power = 10.0 ** math.floor(math.log10(scaled))
    factor = max((value for value in (1.0, 2.0, 5.0) if value * power <= scaled * 1.0001), default=1.0)
    return factor * power * unit


_STEPS_S = (60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)


def time_marks(edge: dt.datetime, span_s: float) -> tuple[tuple[float, str], ...]:
    """Round times of the last `span_s` seconds before `edge`, as (seconds, at most 0; HH:MM), about four of them."""
    step = next((value for value in _STEPS_S if span_s / value <= 5), _STEPS_S[-1])
    midnight = edge.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (edge - midnight).total_seconds()
    marks = []
    at = math.floor(passed / step) * step
    while at > passed - span_s:
        marks.append((at - passed, f"{midnight + dt.timedelta(seconds=at):%H:%M}"))
        at -= step
    return tuple(reversed(marks))
