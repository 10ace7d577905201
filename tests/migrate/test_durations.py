"""What times on samples say of a whole table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.migrate.durations import Interval, Measured, as_measured, grown, total

TIMES = st.lists(st.floats(0.01, 1000), min_size=1, max_size=3)


@given(TIMES, TIMES, st.integers(1, 10_000), st.integers(1, 100), st.integers(1, 10_000_000))
def test_an_interval_is_one_and_no_shorter_than_what_was_measured(small: list[float], large: list[float], rows: int,
                                                                  times: int, whole: int) -> None:
    found = grown([Measured(rows, small), Measured(rows * times, large)], whole)
    assert min(large) <= found.low_ms <= found.high_ms * 1.000001
    assert found.high_ms >= max(large)


def test_what_is_in_proportion_lies_within() -> None:
    """1 ms for 100 rows and 5 ms for anything."""
    found = grown([Measured(1000, (15, 15.5)), Measured(4000, (45, 46))], 1_000_000)
    assert found.low_ms < 10_005 < found.high_ms
    assert found.low_ms > 9_000 and found.high_ms < 25_000


def test_a_whole_table_takes_what_it_took() -> None:
    assert grown([Measured(10, (1, 2)), Measured(40, (5, 4))], 40) == Interval(4, 5)
    assert as_measured([Measured(10, (1, 2)), Measured(40, (5, 4))]) == Interval(1, 5)


def test_what_is_unknown_in_part_is_unknown() -> None:
    assert total([Interval(1, 2), Interval(3, 5)]) == Interval(4, 7)
    assert total([Interval(1, 2), None]) is None
    assert Interval(1200, 1200).words == "1.2 s" and Interval(1200, 60000).words == "1.2 s to 60 s"


@pytest.mark.parametrize("rows", [0, 1])
def test_samples_without_rows_say_what_was_measured(rows: int) -> None:
    assert grown([Measured(0, (1,)), Measured(rows, (2,))], 1) == Interval(2, 2)
