"""What a page of the Overview knows: the sampler's measurements, and what it asked itself. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from console.clock import Clock
from console.metrics.history import SampleHistory
from console.sampler.observation import INTERVALS_S
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.query import Query, Read
from console.server.session import Readings, Session

WITHIN_S = 10.0


class PageState:
    """`readings` are the rows of the page's own reads, the last of which came at `asked_s` of the monotonic clock.

    `sampler` gives the connection's sampler, None before there is one.
    """

    def __init__(self, sampler: Callable[[], Sampler | None]) -> None:
        self.readings = Readings({})
        self.asked_s = 0.0
        self._sampler = sampler
        self._due_s: dict[str, float] = {}

    @property
    def snapshot(self) -> Snapshot | None:
        """The sampler's latest; None before the first."""
        sampler = self._sampler()
        return None if sampler is None else sampler.latest

    @property
    def history(self) -> SampleHistory | None:
        """The sampler's measurements of every tick; None before there is a sampler."""
        sampler = self._sampler()
        return None if sampler is None else sampler.history

    def rows(self, query: Query[Any]) -> list[Any] | None:
        """The rows of a read of the page's own, else of the sampler's; None where there are none (yet)."""
        own = self.readings.rows(query)
        return own if own is not None or self.snapshot is None else self.snapshot.readings.rows(query)

    def why(self, query: Query[Any]) -> str | None:
        """Why `query` has no rows: what the role, the version or the extension lacks."""
        snapshot = self.snapshot
        return self.readings.why(query) or (snapshot.readings.why(query) if snapshot is not None else None)

    def forget_when(self) -> None:
        """All reads are due again."""
        self._due_s.clear()

    async def sample(self, session: Session, reads: Sequence[Read[Any]], clock: Clock) -> bool:
        """Asks what is due of `reads`, in one round trip; False where nothing was. Raises ConsoleError."""
        now_s = clock.monotonic()
        due = [read for read in reads if now_s >= self._due_s.get(read.query.name, now_s)]
        if not due:
            return False
        answers = await session.refresh(*due, within_s=WITHIN_S)
        self.asked_s = clock.monotonic()
        for read in due:
            variant = read.query.variant(session.info)
            interval = variant.interval if variant else "30 s"
            self._due_s[read.query.name] = float("inf") if interval == "on demand" else now_s + INTERVALS_S[interval]
        names, kept = {read.query.name for read in due}, self.readings
        self.readings = Readings(
            {name: rows for name, rows in kept.rows_by_name.items() if name not in names} | dict(answers.rows_by_name),
            {name: why for name, why in kept.unavailable.items() if name not in names} | dict(answers.unavailable),
            answers.rtt_ms)
        return True
