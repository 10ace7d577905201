"""Small pictures: their size, their gaps, and that little is not nothing."""

from __future__ import annotations

import math

import pytest

from console.view.series import Series, gaps, trend


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 2), (30, 5)])
def test_a_picture_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    lines = trend(Series("x", tuple(float(n) for n in range(100))), width, height)
    assert [len(line) for line in lines] == [width] * height


def test_the_newest_value_is_at_the_right() -> None:
    (line,) = trend(Series("x", (1.0,), high=1.0), 4, 1)
    assert line == "   \u28b8"


def test_little_shows_and_nothing_does_not() -> None:
    assert trend(Series("x", (0.001, 1000.0)), 1, 2)[1] != " "
    assert trend(Series("x", (0.0, 0.0)), 1, 2) == [" ", " "]
    assert trend(Series("x", (None, math.nan, math.inf)), 2, 1) == ["  "]


def test_a_constant_and_an_empty_series_have_a_scale() -> None:
    assert Series("x", (5.0, 5.0), low=None).scale()[1] > 5.0
    assert Series("x", ()).scale() == (0.0, 1.0)


def test_runs_between_gaps() -> None:
    assert list(gaps([None, 1.0, 2.0, None, math.nan, 3.0])) == [(1, [1.0, 2.0]), (5, [3.0])]
