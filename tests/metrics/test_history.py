"""The ring: what was put in last comes out, in order, gaps as None, in bounded memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.metrics.history import CAPACITY, SampleHistory, TimeSeries
from console.sampler.sampler import SLOW_CAPACITY
from console.sampler.series import SLOW_SERIES, TICK_SERIES

values = some.one_of(some.none(), some.integers(-1000, 1000).map(float))


@given(some.lists(values, max_size=40), some.integers(1, 12), some.one_of(some.none(), some.integers(0, 50)))
def test_it_keeps_the_last_samples_in_order(samples: list[float | None], capacity: int, last: int | None) -> None:
    history = SampleHistory(["a", "b"], capacity)
    for time, value in enumerate(samples):
        history.append(float(time), {"a": value})
    kept = samples[-capacity:]
    wanted = kept if last is None else kept[len(kept) - min(last, len(kept)):]
    assert history.values("a", last) == wanted
    assert history.times(last) == [float(time) for time in range(len(samples))][len(samples) - len(wanted):]
    assert history.values("b") == [None] * len(kept) and len(history) == len(kept)


@given(some.integers(0, 30), some.integers(1, 12), some.floats(-1, 40))
def test_samples_since_counts_what_is_not_older(count: int, capacity: int, at_s: float) -> None:
    history = SampleHistory(["a"], capacity)
    for time in range(count):
        history.append(float(time), {"a": 1.0})
    assert history.samples_since(at_s) == sum(time >= at_s for time in history.times())


def test_a_wrong_name_is_an_error() -> None:
    history = SampleHistory(["a"])
    with pytest.raises(KeyError):
        history.append(0.0, {"c": 1.0})
    with pytest.raises(KeyError):
        history.values("c")


def test_six_hours_for_all_charts_are_far_below_32_mib() -> None:
    tracemalloc.start()
    try:
        often, seldom = SampleHistory(TICK_SERIES), SampleHistory(SLOW_SERIES, SLOW_CAPACITY)
        for number in range(CAPACITY):
            often.append(number * 0.5, {})
        for number in range(SLOW_CAPACITY):
            seldom.append(number * 30.0, {})
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert often.times()[-1] - often.times()[0] >= 6 * 3600 - 1 and seldom.times()[-1] >= 6 * 3600
    assert taken < 16 * 2**20


def course(samples: list[tuple[float, float | None]], late_s: float = 6.0) -> TimeSeries:
    return TimeSeries([at for at, _ in samples], [value for _, value in samples], late_s)


def test_a_part_holds_the_mean_over_its_time() -> None:
    went = course([(0.0, None), (2.0, 10.0), (4.0, 20.0), (6.0, 40.0)])
    assert went.buckets(7.9, 8.0, 4) == (10, 20, 40, None)
    assert went.buckets(7.9, 8.0, 2) == pytest.approx((15.0, 40.0))


def test_what_is_not_known_is_a_gap_and_never_drawn_over() -> None:
    went = course([(0.0, 5.0), (2.0, 5.0), (60.0, 7.0), (62.0, None), (64.0, 7.0)])
    values = went.buckets(64.0, 66.0, 33)
    assert values.count(5.0) == 1 and values.count(7.0) == 2 and values.count(None) == 30


@given(some.lists(some.floats(0.5, 5.0), min_size=1, max_size=60), some.integers(1, 50), some.floats(1.0, 400.0))
def test_a_steady_value_stays_what_it_is(distances: list[float], count: int, span_s: float) -> None:
    times, at_s = [], 100.0
    for distance in distances:
        at_s += distance
        times.append(at_s)
    went = TimeSeries(times, [3.0] * len(times), 6.0)
    assert all(value is None or value == pytest.approx(3.0) for value in went.buckets(at_s, span_s, count))
