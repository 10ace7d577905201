"""A clock that stands until a test moves it."""

from __future__ import annotations

import asyncio
import datetime as dt


class FakeClock:
    """Starts on a Sunday at noon UTC; `advance` moves it and releases who sleeps until then."""

    def __init__(self) -> None:
        self.start = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
        self.elapsed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed_s

    def now(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=self.elapsed_s)

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.elapsed_s + seconds, future))
        await future

    def advance(self, seconds: float) -> None:
        self.elapsed_s += seconds
        due = [future for at, future in self._sleepers if at <= self.elapsed_s]
        self._sleepers = [(at, future) for at, future in self._sleepers if at > self.elapsed_s]
        for future in due:
            if not future.done():
                future.set_result(None)
