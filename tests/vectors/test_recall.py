"""Recall and latency as numbers."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.vectors.recall import (
    difference,
    finds_less,
    is_slower,
    latency,
    median_interval,
    pareto,
    percentile,
    point,
    recall_at,
    recommend,
)
from console.vectors.records import Point

EXACT = latency([20.0] * 10)


def measured(setting: int, recalls: list[float], ms: float, index: str | None = "i") -> Point:
    return point(recalls, [10] * len(recalls), [ms] * len(recalls), setting=setting, parameter="hnsw.ef_search",
                 mode=None, index_used=index, target=0.95)


@pytest.mark.parametrize(("found", "truth", "k", "share"), [
    ((1.0, 2.0), (1.0, 2.0, 3.0), 3, 2 / 3),         # rows that are missing count against it
    ((1.0,), (1.0,), 10, 1.0),                       # nothing more is there to be found
    ((1.0, 2.0, 2.0), (1.0, 2.0, 2.0, 2.0), 3, 1.0),  # any of those at the same distance will do
    ((1.0, 2.0000001), (1.0, 2.0), 2, 1.0),          # the same distance, computed otherwise
    ((1.0, 2.01), (1.0, 2.0), 2, 0.5),
    ((-3.0, -1.0), (-3.0, -2.0), 2, 0.5),            # negative inner products
    ((9.0, 1.0, 2.0), (1.0, 2.0, 3.0), 2, 0.5),      # what comes after the k-th place doesn't count
    ((9.0, 9.0, 1.0), (1.0,), 2, 0.0),
    ((), (), 10, None),
    ((), (1.0,), 10, 0.0),
])
def test_recall_is_by_distance(found: tuple[float, ...], truth: tuple[float, ...], k: int, share: float | None) -> None:
    assert recall_at(found, truth, k) == (None if share is None else pytest.approx(share))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.integers(1, 20))
def test_the_truth_itself_has_recall_one(distances: list[float], k: int) -> None:
    assert recall_at(sorted(distances)[:k], sorted(distances), k) == 1


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_percentiles_lie_inside(values: list[float], share: float) -> None:
    assert min(values) <= percentile(values, share) <= max(values)
    assert percentile(values, 0) == min(values) and percentile(values, 1) == max(values)


def test_percentiles_are_between_neighbours() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 2.5 and math.isnan(percentile([], 0.5))


def test_a_point_sums_up() -> None:
    found = measured(40, [1.0, 0.9, 0.8, 0.9], 2.0)
    assert found.recall_mean == pytest.approx(0.9) and found.recall_min == 0.8
    assert found.recall_sd == pytest.approx(0.0816, abs=1e-4) and found.confidence == pytest.approx(0.08, abs=1e-3)
    assert found.below_target == 0.75 and found.latency.p50_ms == 2.0


def test_pareto_leaves_out_what_is_beaten() -> None:
    slow, good, best = measured(20, [0.8], 3.0), measured(10, [0.9], 1.0), measured(40, [0.99], 4.0)
    assert pareto([slow, good, best]) == (good, best)


def test_recommendation() -> None:
    points = [measured(10, [0.8] * 20, 1.0), measured(40, [0.96] * 20, 2.0), measured(80, [0.99] * 20, 4.0)]
    found = recommend(points, 0.95, 10, EXACT, role="app", database="db")
    assert found.point is points[1]
    assert found.sql == ("SET LOCAL hnsw.ef_search = 40", "ALTER ROLE app SET hnsw.ef_search = 40",
                         "ALTER DATABASE db SET hnsw.ef_search = 40")
    missed = recommend(points, 0.999, 10, EXACT, role="app", database="db")
    assert missed.point is None and "no setting reaches" in missed.sentence
    uneven = [measured(40, [1.0] * 90 + [0.5] * 10, 2.0)]
    assert "of the queries miss it" in recommend(uneven, 0.95, 10, EXACT, role="a", database="d").sentence
    slow = [measured(800, [1.0] * 20, 30.0)]
    assert "the exact search is quicker" in recommend(slow, 0.95, 10, EXACT, role="a", database="d").sentence
    worse = recommend([measured(800, [0.49] * 20, 30.0)], 0.95, 10, EXACT, role="a", database="d")
    assert worse.sql[0] == "SET LOCAL enable_indexscan = off" and "search exactly" in worse.sentence
    assert "the best is 0.490" in worse.sentence and "Sweep higher" not in worse.sentence
    left = [measured(800, [1.0] * 20, 30.0, None)]
    assert "no point went by the index" in recommend(left, 0.95, 10, EXACT, role="a", database="d").sentence


def timed(times: list[float], mode: str | None = None, recalls: list[float] | None = None) -> Point:
    return point(recalls or [1.0] * len(times), [10] * len(times), times, setting=40, parameter="hnsw.ef_search",
                 mode=mode, index_used="i", target=0.95)


def test_what_noise_makes_of_two_points_is_no_difference() -> None:
    draw = random.Random(3)
    base = [1 + draw.random() * 4 for _ in range(100)]  # queries differ much more than the points do
    noisy, slower = ([ms * (share + draw.gauss(0, 0.05)) for ms in base] for share in (1.0, 1.1))
    assert not is_slower(timed(noisy), timed(base)) and not is_slower(timed(base), timed(noisy))
    assert is_slower(timed(slower), timed(base)) and not is_slower(timed(base), timed(slower))
    few, more = [0.8, 0.9] * 30, [0.9, 0.9] * 30
    assert finds_less(timed(base[:60], recalls=few), timed(base[:60], recalls=more))
    assert math.isnan(difference([1.0], [2.0])[0])


def test_what_keeps_the_order_wins_among_equals() -> None:
    draw = random.Random(3)
    base = [1 + draw.random() for _ in range(100)]
    strict = timed([ms * (1 + draw.gauss(0, 0.05)) for ms in base], "strict_order")
    relaxed = timed([ms * 0.999 for ms in base], "relaxed_order")
    found = recommend([relaxed, strict], 0.95, 10, EXACT, role="a", database="d")
    assert found.point is strict and found.equal == (relaxed,) and "within the noise" in found.sentence
    much_quicker = timed([ms * 0.5 for ms in base], "relaxed_order")
    assert recommend([much_quicker, strict], 0.95, 10, EXACT, role="a", database="d").point is much_quicker


def test_the_interval_of_a_median_holds_it() -> None:
    low, high = median_interval(list(range(100))) or (0, 0)
    assert 35 < low < 49.5 < high < 65 and median_interval([1.0] * 5) is None
