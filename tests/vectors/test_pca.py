"""Principal components against what they are known to be."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.vectors.mapping.pca import project


def cloud(count: int, spreads: tuple[float, ...], seed: int = 1) -> list[list[float]]:
    draw = random.Random(seed)
    return [[draw.gauss(3, spread) for spread in spreads] for _ in range(count)]


def test_the_widest_directions_are_found() -> None:
    found = project(cloud(600, (0.1, 5, 0.2, 2, 0.1)))
    assert found is not None
    assert abs(found.axes[0][1]) > 0.99 and abs(found.axes[1][3]) > 0.99
    whole = 25 + 4 + 0.01 + 0.04 + 0.01
    assert found.explained == pytest.approx((25 / whole, 4 / whole), abs=0.03)
    numbers = [sum(place[axis] for place in found.places) for axis in (0, 1)]
    assert all(abs(number) < 1e-6 for number in numbers)


def test_turned_in_space_it_is_the_same() -> None:
    """Explained variance is that of the spread, whichever way the axes lie."""
    straight = cloud(300, (4, 2, 0.5))
    turned = [[(x + y) / math.sqrt(2), (x - y) / math.sqrt(2), z] for x, y, z in straight]
    a, b = project(straight), project(turned)
    assert a is not None and b is not None and a.explained == pytest.approx(b.explained, abs=1e-6)
    assert b.place(turned[7]) == pytest.approx(b.places[7])


def test_outliers_are_farthest_first() -> None:
    vectors = cloud(200, (1, 1, 1, 1))
    vectors[17], vectors[40] = [60.0, 3, 3, 3], [3.0, 30, 3, 3]
    found = project(vectors)
    assert found is not None and [number for number, _ in found.outliers][:2] == [17, 40]
    calm = project([[math.cos(angle), math.sin(angle)] for angle in range(100)])
    assert calm is not None and not calm.outliers


@pytest.mark.parametrize("vectors", [[], [[1.0, 2.0]] * 2, [[1.0, 2.0]] * 9, [[float("inf"), 1.0]] * 4])
def test_what_has_no_directions(vectors: list[list[float]]) -> None:
    assert project(vectors) is None


def test_one_dimension_is_a_line() -> None:
    found = project([[float(number)] for number in range(10)])
    assert found is not None and found.explained == pytest.approx((1, 0)) and {y for _, y in found.places} == {0.0}


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=3, max_size=30))
def test_shares_are_shares(vectors: list[list[float]]) -> None:
    found = project(vectors)
    if found is not None:
        assert 0 <= found.explained[1] <= found.explained[0] + 1e-9 and sum(found.explained) <= 1 + 1e-6
