"""Many counters from look to look, and sizes as they grow."""

from __future__ import annotations

import datetime as dt

from console.metrics.growth import GrowthByName
from console.metrics.io_rates import IoActivity
from console.metrics.records.io import SlruCounters
from console.metrics.records.sizes import NamedSize

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def cache(hit: int, reset: dt.datetime | None = None, name: str = "subtrans") -> SlruCounters:
    return SlruCounters(name, hit, 0, 0, 0, 0, 0, reset)


def test_rates_from_look_to_look() -> None:
    watched = IoActivity()
    assert watched.add_sample([cache(100)], 10.0, 2.0)[0].per_s == {}
    (found,) = watched.add_sample([cache(300)], 12.0, 2.0)
    assert found.per_s["blocks_hit"] == 100 and watched.add_sample([cache(999)], 12.0, 2.0) == [found]


def test_no_rate_over_a_reset_a_pause_or_a_counter_that_went_back() -> None:
    for hit, at_s, reset in ((300, 12.0, NOW), (300, 60.0, None), (50, 12.0, None)):
        watched = IoActivity()
        watched.add_sample([cache(100)], 10.0, 2.0)
        assert watched.add_sample([cache(hit, reset)], at_s, 2.0)[0].per_s["blocks_hit"] is None
    assert watched.add_sample([cache(1, name="new")], 14.0, 2.0)[0].per_s == {}


def sizes(**bytes_by_name: int | None) -> list[NamedSize]:
    return [NamedSize(name, size, "", "") for name, size in bytes_by_name.items()]


def test_growth_is_since_the_first_look_and_may_be_negative() -> None:
    growth = GrowthByName()
    growth.add_sample(sizes(a=1000, b=5000, hidden=None), 0.0)
    assert growth.per_hour("a") is None
    growth.add_sample(sizes(a=1100, b=4000, new=7), 360.0)
    assert (growth.per_hour("a"), growth.per_hour("b"), growth.per_hour("new")) == (1000, -10000, None)
    growth.add_sample(sizes(a=1100), 720.0)
    assert growth.per_hour("b") is None and growth.per_hour("hidden") is None, "a dropped database is forgotten"
