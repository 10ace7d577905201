"""Time as it passes in a recording: from sample to sample, as fast as it is played, also back."""

from __future__ import annotations

import asyncio
import datetime as dt


class ReplayClock:
    """Stands at a sample until `move`. Who sleeps is woken by every move, however far it goes: what is read then is
    another sample."""

    def __init__(self, began_at: dt.datetime) -> None:
        self._began_at = began_at
        self._seconds = 0.0
        self._moved: asyncio.Event | None = None

    def monotonic(self) -> float:
        """Seconds since the recording's first sample. It goes back when a person does."""
        return self._seconds

    def now(self) -> dt.datetime:
        """The server's time then."""
        return self._began_at + dt.timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        if self._moved is None:
            self._moved = asyncio.Event()
        await self._moved.wait()

    def set(self, seconds: float) -> None:
        """Stands there, and wakes nobody yet."""
        self._seconds = seconds

    def wake(self) -> None:
        moved, self._moved = self._moved, None
        if moved is not None:
            moved.set()
