"""The two directions in which vectors differ most (principal components), and each vector's place along them. Pure.

Block power iteration on the centred vectors, from a fixed start: a few passes over the sample, no matrix of its own
dimensions squared. In Python without NumPy, 650 vectors of 384 dimensions take half a second.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from operator import mul

from msgspec import Struct

PASSES = 10
BLOCK = 3
"""Directions that are followed at once; one more than is shown makes the last one converge sooner."""
FAR = 3.5
"""From so many (robust) deviations from the centre on a vector is an outlier."""

Vector = Sequence[float]


class Projection(Struct, frozen=True):
    """`places` are (x, y) of each vector in the order given; `explained` the shares of the variance, 0 to 1, that lie
    along x and y. `outliers` are (number, deviations), farthest first. `centre` and `axes` place others: see `place`.
    """

    places: tuple[tuple[float, float], ...]
    explained: tuple[float, float]
    outliers: tuple[tuple[int, float], ...]
    centre: tuple[float, ...]
    axes: tuple[tuple[float, ...], tuple[float, ...]]

    def place(self, vector: Vector) -> tuple[float, float]:
        """Where another vector of the same space lies."""
        found = [a - b for a, b in zip(vector, self.centre, strict=True)]
        return _dot(found, self.axes[0]), _dot(found, self.axes[1])


def project(vectors: Sequence[Vector]) -> Projection | None:
    """The vectors in the plane of their two principal components; None of fewer than three, or of ones that are all the
    same. All have the same dimensions, at least one."""
    if len(vectors) < 3:
        return None
    count, size = len(vectors), len(vectors[0])
    centre = [sum(column) / count for column in zip(*vectors, strict=True)]
    centred = [[a - b for a, b in zip(vector, centre, strict=True)] for vector in vectors]
    lengths = [_dot(vector, vector) for vector in centred]
    total = sum(lengths)
    if not total > 0 or not math.isfinite(total):
        return None
    draw = random.Random(1)
    columns = list(zip(*centred, strict=True))
    block = _orthonormal([[draw.gauss(0, 1) for _ in range(size)] for _ in range(min(BLOCK, size))])
    for _ in range(PASSES):
        block = _orthonormal([_applied(centred, columns, axis) for axis in block])
    spreads = sorted(((sum(_dot(vector, axis) ** 2 for vector in centred), axis) for axis in block),
                     key=lambda pair: pair[0], reverse=True)
    while len(spreads) < 2:
        spreads.append((0.0, [0.0] * size))
    (first, x), (second, y) = spreads[:2]
    places = tuple((_dot(vector, x), _dot(vector, y)) for vector in centred)
    return Projection(places, (first / total, second / total), _outliers(lengths), tuple(centre), (tuple(x), tuple(y)))


def _applied(rows: Sequence[Vector], columns: Sequence[Vector], axis: Vector) -> list[float]:
    """The covariance times `axis`, without the covariance: the centred vectors by rows and by columns."""
    return _dots(columns, _dots(rows, axis))


def _dots(vectors: Sequence[Vector], other: Vector) -> list[float]:
    """Each vector times `other`. Other threads have their turn in between: this one runs beside a screen."""
    found = []
    for number, vector in enumerate(vectors):
        found.append(_dot(vector, other))
        if number % 16 == 0:
            time.sleep(0)
    return found


def _orthonormal(block: Sequence[list[float]]) -> list[list[float]]:
    """Gram-Schmidt, twice, as once leaves the rounding; a direction with nothing of its own is left out."""
    found: list[list[float]] = []
    for vector in block:
        before = math.sqrt(_dot(vector, vector))
        for other in (*found, *found):
            weight = _dot(vector, other)
            vector = [a - weight * b for a, b in zip(vector, other, strict=True)]
        length = math.sqrt(_dot(vector, vector))
        if length > 1e-7 * before:
            found.append([number / length for number in vector])
    return found


def _outliers(squares: Sequence[float]) -> tuple[tuple[int, float], ...]:
    """Vectors much farther from the centre than most, by the median and the median deviation of their distances."""
    distances = [math.sqrt(square) for square in squares]
    middle = sorted(distances)[len(distances) // 2]
    deviation = sorted(abs(distance - middle) for distance in distances)[len(distances) // 2] * 1.4826
    if deviation <= 1e-9 * max(middle, 1e-300):
        return ()
    found = [(number, (distance - middle) / deviation) for number, distance in enumerate(distances)
             if (distance - middle) / deviation > FAR]
    return tuple(sorted(found, key=lambda pair: -pair[1]))


def _dot(a: Vector, b: Vector) -> float:
    return float(sum(map(mul, a, b)))
