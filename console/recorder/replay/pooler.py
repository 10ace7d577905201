"""The watch of a PgBouncer that was recorded: its console answers what it answered then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from console.clock import Clock
from console.errors import Missing, Unreachable
from console.metrics.history import SampleHistory
from console.pooler.records import PoolerSample
from console.recorder.pooler import POOLER
from console.recorder.recording import NOT_RECORDED, RecordedSample, Recording, Unreadable
from console.recorder.records import PoolerSeen
from console.recorder.replay.pool import ReplayPool
from console.sampler.pooler_watch import SERIES, PoolerWatch
from console.server.admin_console import Console, ShowResult
from console.server.target import Target


class RecordedConsole:
    """Answers SHOW commands from one sample."""

    is_local = False

    def __init__(self, sample: RecordedSample) -> None:
        self._sample = sample

    @property
    def sample(self) -> RecordedSample:
        return self._sample

    @property
    def user(self) -> str:
        return self._seen().user

    @property
    def place(self) -> str:
        return self._seen().place

    async def show(self, what: str) -> ShowResult:
        answers: Mapping[str, Any] = self._seen().answers
        if what not in answers:
            raise Missing(f"SHOW {what}: {NOT_RECORDED}", hint=NOT_RECORDED)
        columns, rows = answers[what]
        return ShowResult(tuple(columns), tuple(tuple(row) for row in rows))

    async def run(self, command: str) -> str:
        raise Missing(NOT_RECORDED)

    def _seen(self) -> PoolerSeen:
        try:
            (seen,) = self.sample.rows(POOLER)
        except (Unreadable, ValueError):
            raise Unreachable(f"PgBouncer: {NOT_RECORDED}") from None
        if seen.error is not None:
            raise Unreachable(seen.error)
        return seen


class ReplayConsole(RecordedConsole):
    """Answers from the sample at which `pool` stands."""

    def __init__(self, pool: ReplayPool) -> None:
        super().__init__(pool.sample)
        self._pool = pool

    @property
    def sample(self) -> RecordedSample:
        return self._pool.sample

    async def run(self, command: str) -> str:
        raise self._pool.target.without_server() or Missing(NOT_RECORDED)


class ReplayPoolerWatch(PoolerWatch):
    """Looks again whenever the clock moves, and forgets what comes after when it moves back."""

    def __init__(self, target: Target, pool: ReplayPool, clock: Clock, every_s: float) -> None:
        @asynccontextmanager
        async def console(target: Target, password: str | None) -> AsyncIterator[Console]:
            yield ReplayConsole(pool)

        super().__init__(target, clock, every_s, console)

    def _take(self, sample: PoolerSample) -> None:
        if self._counted is not None and sample.taken_s < self._counted.taken_s:
            self.history, self.pool_history, self._counted = SampleHistory(SERIES), {}, None
        super()._take(sample)


def has_pooler(recording: Recording) -> bool:
    """Whether PgBouncer was watched while it was recorded; it begins a moment after the first sample."""
    last = len(recording) - 1
    return any(POOLER.name in recording.sample(number).reads for number in {last, last // 2, min(5, last), 0})
