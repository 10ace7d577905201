"""A pool and a session that answer from a recording: the same calls as the real ones, and no server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

from console.clock import Clock
from console.errors import ConsoleError, Missing, Unreachable
from console.recorder.recording import NOT_RECORDED, RecordedSample, Recording, Unreadable
from console.recorder.replay.answers import ANSWERS
from console.server.breaker import Breaker
from console.server.info import ServerInfo
from console.server.pool import PoolStatistics
from console.server.query import Query, Read
from console.server.session import Readings
from console.server.target import Target

R = TypeVar("R")


class ReplayPool:
    """Stands at the sample `number`; its sessions, also those that were given out before, answer from there."""

    def __init__(self, recording: Recording, target: Target, clock: Clock) -> None:
        self.recording = recording
        self.target = target
        self.breaker = Breaker(clock=clock)
        self.error: ConsoleError | None = None
        self.sample: RecordedSample = recording.sample(0)
        self.info: ServerInfo | None = None
        self.stand(0)

    def stand(self, number: int) -> None:
        """Goes to another sample."""
        self.sample = self.recording.sample(number)
        if (origin := self.sample.origin) is not None:
            self.info = origin.info

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ReplaySession]:
        """Raises Unreachable when not even a server's facts can be read."""
        if self.info is None:
            raise Unreachable(f"{self.target.label}: {self.sample.error}")
        yield ReplaySession(self)

    def statistics(self) -> PoolStatistics:
        return PoolStatistics(0, 0, 0, 0, 0, 0)

    async def close(self) -> None:
        """There is nothing to close; whoever opened the recording closes it."""


class ReplaySession:
    """Answers by a query's name from the sample at which its pool stands."""

    def __init__(self, pool: ReplayPool) -> None:
        self._pool = pool

    @property
    def info(self) -> ServerInfo:
        assert self._pool.info is not None
        return self._pool.info

    @property
    def target(self) -> Target:
        return self._pool.target

    @property
    def connection(self) -> NoReturn:
        """What asks the server anything else than a query with a name: refused."""
        raise self.target.without_server() or ConsoleError(f"{self.target.label}: a recording")

    async def fetch(self, query: Query[R], params: Mapping[str, Any] | None = None) -> list[R]:
        try:
            return self._rows(Read(query, params))
        except Unreadable as reason:
            raise Missing(f"{self.target.label}: {reason}: {query.title}",
                          hint="a recording has what was read then; open the target itself for more") from None

    async def refresh(self, *reads: Read[Any], within_s: float | None = None) -> Readings:
        if self._pool.sample.error is not None:
            raise Unreachable(self._pool.sample.error)
        rows: dict[str, list[Any]] = {}
        unavailable: dict[str, str] = {}
        for read in reads:
            try:
                rows[read.query.name] = self._rows(read)
            except Unreadable as reason:
                unavailable[read.query.name] = str(reason)
        return Readings(rows, unavailable)

    async def renew(self) -> ServerInfo:
        return self.info

    def _rows(self, read: Read[R]) -> list[R]:
        answer = ANSWERS.get(read.query.name)
        if answer is not None:
            return answer(self._pool.sample, read.query, read.params or {})
        if read.params:
            raise Unreadable(NOT_RECORDED)
        return self._pool.sample.rows(read.query)
