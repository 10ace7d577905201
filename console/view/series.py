"""Measurements over time, and small pictures of them made of characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

_LEFT = (0x40, 0x04, 0x02, 0x01)  # the four dots of a braille cell's left column, from below
_RIGHT = (0x80, 0x20, 0x10, 0x08)

HEADROOM = 1.15
"""A picture's highest value leaves some room above it, so that a steady line doesn't look like a wall."""


class Series(Struct, frozen=True):
    """Values at equal distances in time, oldest first; None where nothing is known (a gap, never 0).

    `low` and `high` fix the scale; without them the values do.
    """

    name: str
    values: tuple[float | None, ...]
    unit: str = ""
    low: float | None = 0.0
    high: float | None = None

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None and math.isfinite(value)]

    @property
    def latest(self) -> float | None:
        return self.values[-1] if self.values else None

    def scale(self) -> tuple[float, float]:
        """The lowest and highest value of the picture, never equal."""
        known = self.known or [0.0]
        low = min(known) if self.low is None else self.low
        high = max(known) * HEADROOM if self.high is None else self.high
        return (low, high) if high > low else (low, low + 1.0)


def trend(series: Series, width: int, height: int) -> list[str]:
    """`height` lines of `width` braille cells, two values a cell, the newest at the right, filled from below.

    A value above the floor shows at least one dot, so that little and nothing look different.
    """
    low, high = series.scale()
    levels = [_level(value, low, high, height * 4) for value in series.values[-width * 2:]]
    levels = [0] * (width * 2 - len(levels)) + levels
    lines = []
    for row in range(height):
        floor = (height - 1 - row) * 4
        lines.append("".join(_cell(levels[2 * x] - floor, levels[2 * x + 1] - floor) for x in range(width)))
    return lines


def _level(value: float | None, low: float, high: float, steps: int) -> int:
    if value is None or not math.isfinite(value) or value <= low:
        return 0
    return max(1, min(steps, round((value - low) / (high - low) * steps)))


def _cell(left: int, right: int) -> str:
    dots = sum(_LEFT[:max(0, min(4, left))]) + sum(_RIGHT[:max(0, min(4, right))])
    return chr(0x2800 + dots) if dots else " "


def gaps(values: Sequence[float | None]) -> Iterable[tuple[int, list[float]]]:
    """The unbroken runs of `values`: where each begins and what it holds."""
    run: list[float] = []
    for index, value in enumerate((*values, None)):
        if value is not None and math.isfinite(value):
            run.append(value)
        elif run:
            yield index - len(run), run
            run = []
