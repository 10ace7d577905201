"""Seeded chance: the same name and moment give the same data on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Draw(random.Random):
    """Chance with the shapes that data has: recent things are many, few things are popular."""

    def __init__(self, name: str, now: datetime) -> None:
        super().__init__(name)
        self.now = now

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def popular(self, things: Sequence[T]) -> T:
        """One of them, the first ones far more often than the last."""
        return things[int(len(things) * self.random() ** 2.2)]

    def some(self, things: Sequence[T], least: int, most: int) -> list[T]:
        return self.sample(things, min(len(things), self.randint(least, most)))

    def weighted(self, weights: dict[T, float]) -> T:
        return self.choices(list(weights), list(weights.values()))[0]

    def ago(self, days: float, *, at_least: float = 0.0) -> datetime:
        """A moment in the last `days` days, rather late than early, and at least `at_least` days ago."""
        seconds = (at_least + (days - at_least) * self.random() ** 1.6) * 86400
        return self.now - timedelta(milliseconds=round(seconds * 1000))

    def after(self, moment: datetime, hours: float) -> datetime:
        """A moment up to `hours` later, never in the future of the data."""
        later = moment + timedelta(milliseconds=round(self.random() * hours * 3_600_000))
        return min(later, self.now)

    def milliseconds(self, typical: float, spread: float = 0.6) -> int:
        """A duration as durations are: never negative, with a long tail."""
        return max(1, round(typical * self.lognormvariate(0.0, spread)))

    def hexadecimal(self, digits: int) -> str:
        return f"{self.getrandbits(digits * 4):0{digits}x}"

    def uuid7(self, moment: datetime) -> UUID:
        """A UUID version 7 made at that moment."""
        number = int(moment.timestamp() * 1000) << 80 | self.getrandbits(80)
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)

    def uuid4(self) -> UUID:
        return UUID(int=self.getrandbits(128), version=4)
