"""Hours of samples in memory: one ring of 4-byte floats a series, a gap where a sample has no value."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping

from msgspec import Struct

from console.metrics.rates import LATE_FACTOR

CAPACITY = 43_200
"""Samples that are kept: 24 hours at one every 2 seconds, 6 hours at two a second; 40 series of them are 7 MB."""


class TimeSeries(Struct, frozen=True):
    """How one measurement went: `values` beside `times_s`, oldest first, None in gaps.

    Each value holds for the time since the sample before, unless that was more than `late_s` seconds earlier.
    """

    times_s: list[float]
    values: list[float | None]
    late_s: float

    def counts(self, interval_s: float) -> dict[int, float]:
        """Of a rate a second: how many there were in each interval, by its number since 0. An event is in the interval
        in which it was seen; those that are not in it were not sampled."""
        found: dict[int, float] = {}
        for before, at_s, value in zip(self.times_s, self.times_s[1:], self.values[1:], strict=False):
            if value is not None and at_s - before <= self.late_s:
                number = math.floor(at_s / interval_s)
                found[number] = found.get(number, 0.0) + value * (at_s - before)
        return {number: round(count, 2) for number, count in found.items()}

    def buckets(self, now_s: float, span_s: float, count: int) -> tuple[float | None, ...]:
        """The mean over time in each of `count` equal parts of the last `span_s` seconds, None where nothing is known.

        The parts stand still while time goes on: only the last one, which holds now, is not full yet.
        """
        width = span_s / count
        end = math.floor(now_s / width) + 1
        first = (end - count) * width
        sums, weights = [0.0] * count, [0.0] * count
        before = None
        for at_s, value in zip(self.times_s, self.values, strict=True):
            held = self.late_s / LATE_FACTOR if before is None or at_s - before > self.late_s else at_s - before
            since, before = max(first, at_s - held), at_s
            if value is None:
                continue
            while since < at_s:
                bucket = min(count - 1, max(0, int((since - first) / width)))
                until = at_s if bucket == count - 1 else min(at_s, first + (bucket + 1) * width)
                if until <= since:  # rounding: the edge belongs to the next part
                    until = since = since + width * 1e-9
                    continue
                sums[bucket] += value * (until - since)
                weights[bucket] += until - since
                since = until
        return tuple(total / weight if weight > 0 else None for total, weight in zip(sums, weights, strict=True))


class SampleHistory:
    """The last `capacity` samples of the named series; memory is taken as they come.

    A sample's time is in seconds of the observer's monotonic clock, so that no clock that is set, here or on the
    server, makes a sample older than the one before. Values keep 7 digits; None is a gap.
    """

    def __init__(self, names: Iterable[str], capacity: int = CAPACITY) -> None:
        self._times = array("d")
        self._series = {name: array("f") for name in names}
        self._capacity = capacity
        self._oldest = 0  # where the ring begins, once it is full

    def __len__(self) -> int:
        return len(self._times)

    @property
    def first_s(self) -> float | None:
        """When the oldest sample was taken; None without one."""
        return self._times[self._oldest] if self._times else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._series)

    def append(self, at_s: float, values: Mapping[str, float | None]) -> None:
        """One more sample; a series that `values` leaves out has a gap. Raises KeyError for an unknown series."""
        if unknown := values.keys() - self._series.keys():
            raise KeyError(sorted(unknown)[0])
        if len(self._times) < self._capacity:
            self._times.append(at_s)
            for name, ring in self._series.items():
                ring.append(_stored(values.get(name)))
            return
        self._times[self._oldest] = at_s
        for name, ring in self._series.items():
            ring[self._oldest] = _stored(values.get(name))
        self._oldest = (self._oldest + 1) % self._capacity

    def times(self, last: int | None = None) -> list[float]:
        """The times of the `last` samples (None: all), oldest first."""
        return list(self._tail(self._times, last))

    def values(self, name: str, last: int | None = None) -> list[float | None]:
        """The values of the `last` samples of one series, oldest first, beside `times`. Raises KeyError."""
        return [None if value != value else value for value in self._tail(self._series[name], last)]

    def samples_since(self, at_s: float) -> int:
        """How many samples are not older than `at_s`: what to give as `last`."""
        low, high = 0, len(self._times)
        while low < high:
            middle = (low + high) // 2
            index = (self._oldest + middle) % len(self._times)
            low, high = (middle + 1, high) if self._times[index] < at_s else (low, middle)
        return len(self._times) - low

    def _tail(self, ring: array[float], last: int | None) -> array[float]:
        count = len(ring) if last is None else max(0, min(last, len(ring)))
        first = (self._oldest + len(ring) - count) % len(ring) if ring else 0
        return ring[first:first + count] + ring[:max(0, first + count - len(ring))]


def _stored(value: float | None) -> float:
    return math.nan if value is None else value
