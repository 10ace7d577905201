"""Counters to rates, and where there is none."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as some

from console.metrics.rates import growth, hit_percent, interval_s, rate

numbers = some.one_of(some.none(), some.integers(0, 2**63))


@given(numbers, numbers, some.one_of(some.none(), some.floats(-10, 1e6)))
def test_a_rate_is_never_negative_nor_infinite(before: int | None, now: int | None, seconds: float | None) -> None:
    found = rate(before, now, seconds)
    assert found is None or found >= 0
    if before is None or now is None or now < before or seconds is None or seconds <= 0:
        assert found is None


def test_rates_are_per_second() -> None:
    assert rate(100, 150, 2.0) == 25 and growth(100, 100) == 0


def test_an_interval_ends_at_resets_and_late_samples() -> None:
    assert interval_s(10.0, 12.0, 2.0) == 2.0
    assert interval_s(None, 12.0, 2.0) is None
    assert interval_s(10.0, 10.0, 2.0) is None and interval_s(10.0, 9.0, 2.0) is None
    assert interval_s(10.0, 16.0, 2.0) == 6.0 and interval_s(10.0, 16.1, 2.0) is None
    assert interval_s(10.0, 14.9, 0.5) is not None
    assert interval_s(10.0, 12.0, 2.0, ("reset", "reset")) == 2.0
    assert interval_s(10.0, 12.0, 2.0, ("reset", "reset"), (None, "again")) is None


def test_hits_of_nothing_are_unknown() -> None:
    assert hit_percent(0, 0) is None and hit_percent(None, 1) is None
    assert math.isclose(hit_percent(99, 1) or 0, 99.0)
