"""Layers upon each other: cells, scales, times, and how much time is shown."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.view import active_sessions as view
from console.view.stack import (
    EIGHTHS,
    NOTHING,
    STRETCHES_S,
    Patch,
    column,
    highest,
    rounded_up,
    stretched,
    times,
)

EDGE = dt.datetime(2026, 3, 1, 12, 0, 30, tzinfo=dt.UTC)


def filled(patches: list[Patch]) -> int:
    """How many eighths a column has."""
    return sum(8 if patch.above is not None else EIGHTHS.index(patch.glyph) for patch in patches)


def test_a_cell_shows_two_layers_with_the_edge_between_them() -> None:
    assert column((0.5, 1.0), 2.0, 1) == [Patch("▆", 1)], "with a rest above, the outline, in the larger one's colour"
    assert column((0.5, 1.5), 2.0, 1) == [Patch("▂", 0, 1)]
    assert column((1.0, 1.0), 2.0, 2) == [Patch("█", 0), Patch("█", 1)]
    assert column((None, 0.0), 2.0, 2) == [NOTHING, NOTHING]
    assert column((0.001, None), 40.0, 3)[0] == Patch("▁", 0), "little is not nothing"


@given(some.lists(some.none() | some.floats(0, 50), min_size=1, max_size=6), some.integers(1, 12))
def test_a_column_is_as_high_as_its_sum(values: list[float | None], height: int) -> None:
    total = sum(filter(None, values))
    patches = column(values, 50.0, height)
    assert len(patches) == height
    expected = min(height * 8, max(1 if total > 0 else 0, round(total / 50.0 * height * 8)))
    assert filled(patches) == expected
    seen = [layer for patch in patches for layer in (patch.below, patch.above) if layer is not None]
    assert seen == sorted(seen), "the layers keep their order from below"


@given(some.floats(1e-3, 1e12), some.sampled_from([10.0, 1024.0]))
def test_the_height_is_round_and_so_is_its_half(value: float, base: float) -> None:
    high = rounded_up(value, base)
    assert value * 0.999 <= high <= value * 2.6
    if base == 10.0:
        assert len(f"{high / 2:.12g}".partition("e")[0].strip("0").replace(".", "").strip("0")) <= 1


def test_the_rounding_of_nothing_and_of_units() -> None:
    assert (rounded_up(0), rounded_up(3), rounded_up(18), rounded_up(11)) == (1, 4, 20, 12)
    assert rounded_up(1500, 1024.0) == 2048 and rounded_up(50 * 2**20, 1024.0) == 60 * 2**20


@pytest.mark.parametrize("span_s", [7.0, 45.0, *STRETCHES_S])
@pytest.mark.parametrize("most", [2, 4, 6])
def test_few_round_times_stand_below(span_s: float, most: int) -> None:
    marks = times(EDGE, span_s, most)
    assert len(marks) <= most + 1 and all(-span_s <= at <= 0 for at, _ in marks)
    for at, words in marks:
        assert f"{EDGE + dt.timedelta(seconds=at):%H:%M:%S}".startswith(words)


def test_the_picture_is_stretched_to_what_there_is() -> None:
    assert [stretched(age, 1800.0) for age in (1, 11, 100, 1700, 1800, 90_000)] == [10, 20, 120, 1800, 1800, 1800]
    assert all(age <= stretched(age, 86_400.0) <= max(10.0, 2 * age) for age in range(1, 86_400, 97))


def test_the_highest_is_of_one_moment() -> None:
    assert highest([(1.0, None, 3.0), (2.0, 9.0, None)]) == 9.0 and highest([]) == 0.0


VALUES = {series: (None, 0.0, 0.0) for series, *_ in view.WAITS}


def test_the_wait_classes_that_were_seen_are_named() -> None:
    assert view.by_wait({series: (None, None) for series, *_ in view.WAITS}, 60.0) == ()
    quiet = view.by_wait(VALUES, 60.0)
    assert [layer.name for layer in quiet] == ["CPU"] and quiet[0].now == "0"
    locked = view.by_wait(VALUES | {"active_lock": (None, 11.0, 13.0)}, 60.0)
    assert [(layer.name, layer.now, layer.tone) for layer in locked] == [
        ("CPU", "0", "ok"), ("Lock", "12", "critical")]


def test_the_cores_are_a_limit_where_they_are_known_and_near() -> None:
    layers = view.by_wait(VALUES | {"active_cpu": (1.0, 2.0, 3.0)}, 3.0)

    def drawn(cores: int | None, hidden: int = 0) -> view.Stack:
        return view.picture(layers, by="wait", cores=cores, hidden=hidden, edge=EDGE, span_s=3.0, width=100)

    assert drawn(None).limits == () and drawn(None).high == 4
    assert drawn(8).limits == ((8.0, "8 cpu", "warning"),) and drawn(8).high == 10
    assert drawn(64).high == 4, "so many would flatten what there is"
    assert ("2", "critical") in drawn(1).title and ("2", "strong") in drawn(2).title
    assert "3 hidden ones left out" in "".join(words for words, _ in drawn(2, hidden=3).title)
    assert view.number(None) == "-" and view.number(0.25) == "0.2" and view.number(3.0) == "3"
