"""From one look at many counters to the next: what each kind of backend, or each cache, did in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import asdict

from console.metrics.rates import interval_s, rate
from console.metrics.records.io import IoCounters, SlruCounters


class RatedCounters(Struct, frozen=True):
    """A row of counters and what they grew by in a second since the look before; None where that would lie."""

    counters: IoCounters | SlruCounters
    per_s: Mapping[str, float | None] = field(default_factory=dict)


class IoActivity:
    """Keeps the last look. Looks are told apart by their time, so that one may be given again."""

    def __init__(self) -> None:
        self._at_s: float | None = None
        self._before: dict[str, IoCounters | SlruCounters] = {}
        self._found: list[RatedCounters] = []

    def add_sample(self, rows: Sequence[IoCounters | SlruCounters], at_s: float, every_s: float) -> list[RatedCounters]:
        """What `rows`, read at `at_s` of a monotonic clock, say of the time since the look before."""
        if at_s == self._at_s:
            return self._found
        self._found = [RatedCounters(row, self._rates(row, at_s, every_s)) for row in rows]
        self._at_s, self._before = at_s, {row.key: row for row in rows}
        return self._found

    def _rates(self, row: IoCounters | SlruCounters, at_s: float, every_s: float) -> dict[str, float | None]:
        before = self._before.get(row.key)
        if before is None:
            return {}
        seconds = interval_s(self._at_s, at_s, every_s, (before.stats_reset, row.stats_reset))
        return {name: rate(getattr(before, name), value, seconds)
                for name, value in asdict(row).items() if isinstance(value, int | float)}
