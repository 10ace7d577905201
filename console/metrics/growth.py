"""How much sizes have grown since they were looked at first, as bytes an hour."""

from __future__ import annotations

from collections.abc import Sequence

from console.metrics.records.sizes import NamedSize

ENOUGH_S = 60.0
"""Over less time a rate would be made of noise."""


class GrowthByName:
    """The first and the last look at each name. A size may shrink: then the rate is negative."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}
        self._last: dict[str, tuple[float, int]] = {}

    def add_sample(self, rows: Sequence[NamedSize], at_s: float) -> None:
        """Sizes read at `at_s` of a monotonic clock; what is gone is forgotten."""
        self._last = {row.name: (at_s, row.total_bytes) for row in rows if row.total_bytes is not None}
        self._first = {name: self._first.get(name, found) for name, found in self._last.items()}

    def per_hour(self, name: str) -> float | None:
        """Bytes an hour since the first look; None while that is too near."""
        if name not in self._last:
            return None
        (first_s, before), (last_s, now) = self._first[name], self._last[name]
        return (now - before) * 3600 / (last_s - first_s) if last_s - first_s >= ENOUGH_S else None
