"""What a measurement is made up of, over time: layers upon each other, drawn with the eighths of a cell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from msgspec import Struct

from console.view.table import Line, Tone

EIGHTHS = " ▁▂▃▄▅▆▇█"

STRETCHES_S = (10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 450.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0,
               3600.0, 5400.0, 7200.0, 10800.0, 14400.0, 21600.0, 32400.0, 43200.0, 64800.0, 86400.0)
"""How much time a picture may show: it grows with what there is in steps, as each of them draws it anew."""


class Layer(Struct, frozen=True):
    """One part, from below: `values` at equal distances in time, None where nothing is known; `now` is what its name is
    told with. `letter` stands for it where there is neither colour nor block."""

    name: str
    letter: str
    tone: Tone
    values: tuple[float | None, ...]
    now: str = ""


class TimeMark(Struct, frozen=True):
    """Something that changed, `at_s` seconds before the right edge (at most 0), in a few words."""

    at_s: float
    words: str


class Stack(Struct, frozen=True):
    """Layers with their axes: what the widget draws. `limits` are values with rows of their own, what they are and how
    bad; `rows` are values and `columns` seconds before the right edge (at most 0) that are named on the axes.
    `axis_cells` is what the vertical axis takes."""

    title: Line
    layers: tuple[Layer, ...]
    aside: Line
    high: float
    rows: tuple[tuple[float, str], ...]
    limits: tuple[tuple[float, str, Tone], ...]
    span_s: float
    columns: tuple[tuple[float, str], ...]
    marks: tuple[TimeMark, ...] = ()
    empty: str = ""
    axis_cells: int = 6


class Patch(Struct, frozen=True):
    """One cell: a glyph, whose lower part belongs to layer `below` and whose rest to `above` (None: to nothing)."""

    glyph: str
    below: int | None = None
    above: int | None = None


NOTHING = Patch(" ")


def stretched(age_s: float, span_s: float) -> float:
    """How much time to show of the last `span_s` seconds, where the first sample is `age_s` old."""
    return next((step for step in STRETCHES_S if age_s <= step), span_s) if age_s < span_s else span_s


def column(values: Sequence[float | None], high: float, height: int) -> list[Patch]:
    """The cells of one moment, from below, in `height` cells that stand for 0 to `high`.

    Any value above 0 shows at least an eighth in all, so that little and nothing look different.
    """
    edges, reached = [], 0.0
    for value in values:
        reached += value or 0.0
        edges.append(min(height * 8, max(1 if reached > 0 else 0, round(reached / high * height * 8))))
    return [_patch(edges, 8 * row) for row in range(height)]


def _patch(edges: Sequence[int], floor: int) -> Patch:
    """The cell of the eighths from `floor` on, where layers end at `edges`."""
    shares: list[tuple[int, int]] = []  # how many eighths of it each layer has
    begin = floor
    for layer, edge in enumerate(edges):
        end = min(edge, floor + 8)
        if end > begin:
            shares.append((layer, end - begin))
            begin = end
    if not shares:
        return NOTHING
    filled = begin - floor
    if len(shares) == 1:
        return Patch(EIGHTHS[filled], shares[0][0])
    if filled < 8:  # two layers and a rest: a cell has two colours, and the outline is what is seen
        return Patch(EIGHTHS[filled], max(shares, key=lambda share: share[1])[0])
    (below, eighths), *_ = shares
    above = max(shares[1:], key=lambda share: share[1])[0]
    return Patch(EIGHTHS[eighths], below, above)


def highest(series: Sequence[Sequence[float | None]]) -> float:
    """The highest sum of values of one moment."""
    return max((sum(filter(None, moment)) for moment in zip(*series, strict=True)), default=0.0)


def rounded_up(value: float, base: float = 10.0) -> float:
    """The next number that is round, and whose half is: 1, 2, 4, 6 or 8 times a power (of 10, or of 1024 with tens
    between), from ten on also 1.2 and 1.6 times; 1 for what isn't above 0."""
    if value <= 0:
        return 1.0
    unit = base ** math.floor(math.log(value, base)) if base != 10.0 else 1.0
    power = 10.0 ** math.floor(math.log10(value / unit)) * unit
    factors = (1, 1.2, 1.6, 2, 4, 6, 8, 10) if power >= 10 * unit else (1, 2, 4, 6, 8, 10)
    return next((factor * power for factor in factors if factor * power >= value * 0.9999), 20 * power)


_STEPS_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0)


def times(edge: dt.datetime, span_s: float, most: int) -> tuple[tuple[float, str], ...]:
    """Round times of the last `span_s` seconds before `edge`, as (seconds, at most 0; HH:MM), `most` at most."""
    step = next((value for value in _STEPS_S if span_s / value <= most), _STEPS_S[-1])
    midnight = edge.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (edge - midnight).total_seconds()
    form = "%H:%M:%S" if step < 60 else "%H:%M"
    first = math.ceil((passed - span_s) / step)
    return tuple((at * step - passed, format(midnight + dt.timedelta(seconds=at * step), form))
                 for at in range(first, math.floor(passed / step) + 1))
