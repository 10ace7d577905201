"""Points in a plane, for a chart: clouds with labels, and lines that they are held against. Pure."""

from __future__ import annotations

import math

from msgspec import Struct

from console.view.table import Tone

WIDE = 20.0
"""From so large a ratio of the largest x to the smallest on, the x axis is logarithmic."""


class Cloud(Struct, frozen=True):
    """Points (x, y, label) of one kind. `sign` stands for each, `joined` draws a line through them."""

    name: str
    points: tuple[tuple[float, float, str], ...]
    sign: str
    tone: Tone = "accent"
    joined: bool = False


class Plane(Struct, frozen=True):
    """Clouds, the most important last, and upright lines (x, label) that are no points. All x are greater than 0."""

    x_title: str
    clouds: tuple[Cloud, ...]
    lines: tuple[tuple[float, str], ...] = ()
    y_most: float | None = None

    @property
    def points(self) -> list[tuple[float, float, str]]:
        return [point for cloud in self.clouds for point in cloud.points]

    def x_range(self) -> tuple[float, float]:
        """The smallest and the largest x, with some room on both sides, on the right for a label."""
        found = [x for x, _, _ in self.points] + [x for x, _ in self.lines]
        low, high = min(found), max(found)
        if self.is_logarithmic:
            return low / 1.3, high * 1.7
        room = (high - low) * 0.06 or high * 0.2
        return max(0.0, low - room), high + 2 * room

    def y_range(self) -> tuple[float, float]:
        found = [y for _, y, _ in self.points]
        low, high = min(found), max(found)
        room = max(high - low, 0.02) * 0.15
        return low - room, (self.y_most if self.y_most is not None else high + room)

    @property
    def is_logarithmic(self) -> bool:
        found = [x for x, _, _ in self.points] + [x for x, _ in self.lines]
        return min(found) > 0 and max(found) / min(found) >= WIDE


def ticks(low: float, high: float, is_logarithmic: bool, most: int = 7) -> list[float]:
    """Round values from `low` to `high`: 1, 2, 5 and their tenfolds, or equal steps of such."""
    if high <= low:
        return [low]
    if is_logarithmic:
        first = math.floor(math.log10(low))
        found = [step * 10.0**power for power in range(first, math.ceil(math.log10(high)) + 1) for step in (1, 2, 5)]
        found = [value for value in found if low <= value <= high]
        while len(found) > most:
            found = found[::2]
        return found
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    while (high - low) / step > most:
        step *= 2 if (high - low) / (step * 2) <= most else 5
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]

