"""Shares of a sample of pages, norms, and pages of a graph, without a server."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.vectors.health.graph import elements
from console.vectors.health.norms import heights, norms_of
from console.vectors.health.shares import share, wilson


def test_the_interval_is_that_of_a_sample_of_pages() -> None:
    """NULLs that were written together: of 200 samples nearly all hold the truth; by rows alone far fewer would."""
    draw = random.Random(3)
    pages = [[draw.random() < (0.6 if number % 12 == 0 else 0.01) for _ in range(40)] for number in range(2400)]
    truth = sum(map(sum, pages)) / (2400 * 40)
    inside = naive = 0
    for _ in range(200):
        sample = draw.sample(range(2400), 120)
        found = share(((str(number), flag) for number in sample for flag in pages[number]), is_sampled=True)
        inside += found.low <= truth <= found.high
        low, high = wilson(found.value, found.rows)
        naive += low <= truth <= high
    assert inside >= 180 and naive < 140


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=60))
def test_an_interval_holds_its_share(flags: list[tuple[str, bool]]) -> None:
    found = share(flags, is_sampled=True)
    assert 0 <= found.low <= found.value + 1e-12 and found.value <= found.high + 1e-12 and found.high <= 1
    whole = share(flags, is_sampled=False)
    assert whole.is_exact and whole.count == sum(flag for _, flag in flags)


@pytest.mark.parametrize(("flags", "is_sampled", "words"), [
    ([], True, "unknown"), ([], False, "unknown"),
    ([("a", False)] * 5, False, "none"), ([("a", True), ("a", False)], False, "1 (50 %)"),
    ([(str(i), False) for i in range(400)], True, "none of 400 (at most 1 %)"),
    ([(str(i), i < 100) for i in range(400)], True, "25 % (21 % to 29 %)")])
def test_a_share_in_words(flags: list[tuple[str, bool]], is_sampled: bool, words: str) -> None:
    assert share(flags, is_sampled=is_sampled).words == words


def test_norms() -> None:
    found = norms_of([("a", 1.0)] * 97 + [("a", 1.0005), ("a", 1.2), ("a", float("inf"))], "vector", is_sampled=False)
    assert found is not None and found.not_unit.count == 2 and (found.least, found.most) == (1.0, 1.2)
    half = norms_of([("a", 1.004), ("a", 0.99)], "halfvec", is_sampled=False)
    assert half is not None and half.not_unit.count == 1
    assert norms_of([("a", float("nan"))], "vector", is_sampled=False) is None
    assert norms_of([("a", 3.0)], "bit", is_sampled=False) is None


@given(st.lists(st.floats(0, 1e30), min_size=1), st.integers(1, 30))
def test_a_histogram_loses_nothing(values: list[float], steps: int) -> None:
    assert sum(heights(values, min(values), max(values), steps)) == len(values)


def test_a_page_of_another_kind_is_no_graph() -> None:
    assert elements("00" * 8192) is None
