"""The norms of a column's vectors: how long they are, and whether all have the length of 1. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from console.vectors.health.records import Norms
from console.vectors.health.shares import share

STEPS = 24
TOLERANCE = {"halfvec": 0.005}
"""By how much a norm may differ from 1; 0.001 for types in single precision."""


def norms_of(found: Sequence[tuple[str, float]], type_name: str, *, is_sampled: bool) -> Norms | None:
    """The norms of (page, norm) pairs; None where there is no finite one, and of bits, which have no length."""
    finite = sorted(norm for _, norm in found if math.isfinite(norm))
    if not finite or type_name == "bit":
        return None
    tolerance = TOLERANCE.get(type_name, 0.001)
    lowest, highest = finite[len(finite) // 100], finite[-1 - len(finite) // 100]
    return Norms(
        lowest, finite[len(finite) // 2], highest, finite[0], finite[-1], heights(finite, lowest, highest),
        share(((page, not abs(norm - 1) <= tolerance) for page, norm in found), is_sampled=is_sampled), tolerance)


def heights(found: Sequence[float], lowest: float, highest: float, steps: int = STEPS) -> tuple[int, ...]:
    """How many values fall into each of equal steps; those beyond either end into the first and the last."""
    counts = [0] * steps
    width = highest - lowest
    for value in found:
        place = int((value - lowest) / width * steps) if width > 0 else steps // 2
        counts[min(steps - 1, max(0, place))] += 1
    return tuple(counts)
