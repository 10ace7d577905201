"""Counters read from their text, subtracted and added up."""

from __future__ import annotations

import statistics

import pytest

from console.statements import counters
from console.statements.counters import NAMES
from tests.support.statements import entry


def found(**values: float) -> list[float]:
    return list(counters.parse(entry(1, **values).counters))  # type: ignore[arg-type]


def test_another_number_of_counters_is_refused() -> None:
    with pytest.raises(ValueError, match="3 counters instead of"):
        counters.parse("1 2 3")


def test_what_the_version_does_not_say_is_unknown() -> None:
    usage = counters.usage(counters.parse(entry(1, wal_buffers_full=float("nan"), jit_ms=float("nan")).counters))
    assert usage.wal_buffers_full is None and usage.jit_ms is None
    assert usage.hit_percent is None, "no block was looked at: there is no hit ratio"


def test_the_deviation_of_an_interval_is_that_of_its_own_times() -> None:
    first, second = [1.0, 3.0, 8.0], [10.0, 10.5, 30.0, 2.0]

    def at(times: list[float]) -> counters.Counters:
        return counters.parse(entry(1, len(times), sum(times), exec_squares=statistics.pstdev(times)).counters)

    added = counters.usage(counters.difference(at(first), at(first + second)))
    assert added.calls == 4
    assert added.mean_ms == pytest.approx(statistics.fmean(second))
    assert added.stddev_ms == pytest.approx(statistics.pstdev(second))
    together = counters.usage(counters.total([at(first), at(second)]), 2)
    assert together.stddev_ms == pytest.approx(statistics.pstdev(first + second))


def test_extremes_are_neither_subtracted_nor_added() -> None:
    before = counters.parse(entry(1, 1, 2.0, min_exec_ms=2.0, max_exec_ms=2.0).counters)
    now = counters.parse(entry(1, 2, 12.0, min_exec_ms=2.0, max_exec_ms=10.0).counters)
    other = counters.parse(entry(2, 1, 1.0, min_exec_ms=1.0, max_exec_ms=1.0, plans=1, min_plan_ms=0.5).counters)
    added = counters.usage(counters.difference(before, now))
    assert (added.min_exec_ms, added.max_exec_ms, added.exec_ms) == (2.0, 10.0, 10.0)
    both = counters.usage(counters.total([now, other]), 2)
    assert (both.min_exec_ms, both.max_exec_ms, both.calls, both.min_plan_ms) == (1.0, 10.0, 3.0, 0.5)


@pytest.mark.parametrize("change", [{"calls": 4}, {"exec_ms": 8.0}, {"plans": 1}, {"since_s": 7.0}])
def test_an_entry_that_is_another_one(change: dict[str, float]) -> None:
    before = counters.parse(entry(1, **({"calls": 5, "exec_ms": 9.0, "plans": 2, "since_s": 1.0})).counters)
    now = counters.parse(entry(1, **({"calls": 6, "exec_ms": 10.0, "plans": 3, "since_s": 1.0} | change)).counters)
    assert counters.went_back(before, now)
    assert not counters.went_back(before, before)


def test_the_order_is_that_of_the_statements() -> None:
    assert NAMES[:4] == ("calls", "exec_ms", "exec_squares", "rows") and NAMES[-1] == "since_s"
    assert found(calls=3, exec_ms=6.0)[:2] == [3.0, 6.0]
