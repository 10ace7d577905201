"""Hours of samples in memory: one ring of 4-byte floats a series, a gap where a sample has no value."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping

CAPACITY = 21_600
"""Samples that are kept: 12 hours at one every 2 seconds; 20 series of them are 1.8 MB."""


class History:
    """The last `capacity` samples of the named series.

    A sample's time is in seconds of the observer's monotonic clock, so that no clock that is set, here or on the
    server, makes a sample older than the one before. Values keep 7 digits; None is a gap.
    """

    def __init__(self, names: Iterable[str], capacity: int = CAPACITY) -> None:
        self._times = array("d", bytes(8 * capacity))
        self._series = {name: array("f", bytes(4 * capacity)) for name in names}
        self._capacity = capacity
        self._next = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._series)

    def append(self, at_s: float, values: Mapping[str, float | None]) -> None:
        """One more sample; a series that `values` leaves out has a gap. Raises KeyError for an unknown series."""
        if unknown := values.keys() - self._series.keys():
            raise KeyError(sorted(unknown)[0])
        self._times[self._next] = at_s
        for name, ring in self._series.items():
            value = values.get(name)
            ring[self._next] = math.nan if value is None else value
        self._next = (self._next + 1) % self._capacity
        self._length = min(self._length + 1, self._capacity)

    def times(self, last: int | None = None) -> list[float]:
        """The times of the `last` samples (None: all), oldest first."""
        return list(self._tail(self._times, last))

    def values(self, name: str, last: int | None = None) -> list[float | None]:
        """The values of the `last` samples of one series, oldest first, beside `times`. Raises KeyError."""
        return [None if math.isnan(value) else value for value in self._tail(self._series[name], last)]

    def samples_since(self, at_s: float) -> int:
        """How many samples are not older than `at_s`: what to give as `last`."""
        low, high = 0, self._length
        while low < high:
            middle = (low + high) // 2
            index = (self._next - self._length + middle) % self._capacity
            low, high = (middle + 1, high) if self._times[index] < at_s else (low, middle)
        return self._length - low

    def _tail(self, ring: array[float], last: int | None) -> array[float]:
        count = self._length if last is None else max(0, min(last, self._length))
        start = self._next - count
        return ring[start:self._next] if start >= 0 else ring[start:] + ring[:self._next]
