"""A session and a pool that answer from memory, by the names of queries; nothing here knows SQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from console.errors import ConsoleError, Missing
from console.server.breaker import Breaker
from console.server.info import ServerInfo
from console.server.pool import PoolStatistics
from console.server.query import Query, Read
from console.server.session import Readings
from console.server.target import Target
from tests.support.fake_clock import FakeClock

Answer = Sequence[Any] | ConsoleError | Callable[[Mapping[str, Any] | None], Sequence[Any]]


class FakeSession:
    """`answers` maps a query's name, with or without its package, to its rows, to a function of its parameters, or to
    the error it raises. `asked` are the names as they stand there."""

    is_guarded = False  # what acts is refused by the catalog, which only a real server has

    def __init__(self, answers: dict[str, Answer], info: ServerInfo, target: Target) -> None:
        self.answers = answers
        self.info = info
        self.target = target
        self.asked: list[str] = []
        self.error: ConsoleError | None = None
        self.released = asyncio.Event()
        self.released.set()

    @property
    def connection(self) -> Any:
        """There is none: whoever runs a statement on it is told so, as by a server."""
        raise Missing(f"{self.target.label}: nothing was prepared")

    async def fetch(self, query: Query[Any], params: Mapping[str, Any] | None = None) -> list[Any]:
        await self.released.wait()
        if self.error is not None:
            raise self.error
        package, on, identifiers = query.name.partition(" on ")
        name = query.name if query.name in self.answers else package.rpartition(".")[2] + on + identifiers
        self.asked.append(name)
        answer = self.answers.get(name, Missing(f"{query.name}: nothing was prepared"))
        if isinstance(answer, ConsoleError):
            raise answer
        rows = answer(params) if callable(answer) else answer
        assert all(isinstance(row, query.record) for row in rows), f"{query.name} answers with {query.record.__name__}"
        return list(rows)

    async def refresh(self, *reads: Read[Any], within_s: float | None = None) -> Readings:
        rows, unavailable = {}, {}
        for read in reads:
            try:
                rows[read.query.name] = await self.fetch(read.query, read.params)
            except ConsoleError as error:
                if error is self.error:
                    raise
                unavailable[read.query.name] = error.summary
        return Readings(rows, unavailable, 0.4)

    async def renew(self) -> ServerInfo:
        return self.info


class FakePool:
    """A pool of one session. `fail` makes the server go away, `recover` brings it back, `hold` makes it slow."""

    def __init__(self, target: Target, info: ServerInfo, answers: dict[str, Answer], clock: FakeClock) -> None:
        self.target = target
        self.is_guarded = target.starts_read_only
        self.breaker = Breaker(clock=clock)
        self.info: ServerInfo | None = None
        self.error: ConsoleError | None = None
        self.is_closed = False
        self.only = FakeSession(answers, info, target)
        self._in_use = 0

    def fail(self, error: ConsoleError) -> None:
        self.only.error = error

    def recover(self) -> None:
        self.only.error = None

    def hold(self) -> None:
        self.only.released.clear()

    def release(self) -> None:
        self.only.released.set()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FakeSession]:
        if self.only.error is not None:
            if self.breaker.admits():
                self.breaker.failed()
            self.error = self.only.error
            raise self.error
        self.breaker.succeeded()
        self.info, self.error = self.only.info, None
        self._in_use += 1
        try:
            yield self.only
        finally:
            self._in_use -= 1

    def statistics(self) -> PoolStatistics:
        return PoolStatistics(size=1, in_use=self._in_use, max_size=self.target.pool.max_size, waiting=0,
                              connections_opened=1, connections_failed=0)

    async def close(self) -> None:
        self.is_closed = True
