"""How long something takes on a table of full size, by how long it took on samples of it: as an interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

from console.text import format as fmt


class Interval(Struct, frozen=True):
    """Between two durations, in milliseconds."""

    low_ms: float
    high_ms: float

    @property
    def words(self) -> str:
        low, high = fmt.milliseconds(self.low_ms), fmt.milliseconds(self.high_ms)
        return low if low == high else f"{low} to {high}"


class Measured(Struct, frozen=True):
    """How long each of several runs took on so many rows, in milliseconds."""

    rows: int
    times_ms: Sequence[float]


def as_measured(runs: Iterable[Measured]) -> Interval:
    """What doesn't depend on the number of rows: between the quickest and the slowest of all runs."""
    times = [time for run in runs for time in run.times_ms]
    return Interval(min(times), max(times))


def grown(runs: Sequence[Measured], rows: int) -> Interval:
    """On a table of so many rows, by runs on fewer, the largest last.

    At least what the rise from the smaller sample to the larger one comes to, which leaves out what is there for any
    number of rows; at most all of it in proportion, and for what sorts, more by the logarithm. Where the sample is the
    whole table, what was measured.
    """
    last = runs[-1]
    if rows <= last.rows or not last.rows:
        return as_measured([last])
    shortest, longest = min(last.times_ms), max(last.times_ms)
    rise = 0.0
    if len(runs) > 1 and runs[0].rows < last.rows:
        rise = max(0.0, shortest - max(runs[0].times_ms)) / (last.rows - runs[0].rows)
    sorting = math.log2(max(rows, 4)) / math.log2(max(last.rows, 4))
    return Interval(shortest + rise * (rows - last.rows), longest * rows / last.rows * sorting)


def total(parts: Iterable[Interval | None]) -> Interval | None:
    """One after the other; None where one isn't known."""
    low = high = 0.0
    for part in parts:
        if part is None:
            return None
        low, high = low + part.low_ms, high + part.high_ms
    return Interval(low, high)
