"""A target's connections: one psycopg_pool behind a circuit breaker, the only place that decides when to retry."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import psycopg_pool
from msgspec import Struct
from psycopg import AsyncConnection

from console.clock import Clock, SystemClock
from console.errors import ConsoleError, Unreachable
from console.server.breaker import Breaker, BreakerState
from console.server.connection import PgConnection, connect
from console.server.faults import translate
from console.server.info import ServerInfo
from console.server.session import PgSession, read_info
from console.server.target import Target
from console.waiting import ended

CHECK_AFTER_IDLE_S = 30.0
CLOSE_TIMEOUT_S = 2.0

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class PoolStatistics(Struct, frozen=True):
    """The pool as the header shows it: connections open, of them in use, the most there may be, and who waits."""

    size: int
    in_use: int
    max_size: int
    waiting: int
    connections_opened: int
    connections_failed: int


class Pool:
    """Connections to one target, opened at first use, given out as sessions.

    A failure to connect opens the breaker and closes the pool; while it is open, `session` raises the same error
    at once. When a try is due the next `session` makes it. A session whose connection is lost closes the pool
    without a failure counted: the next one connects anew, which is what a terminated backend needs.
    """

    def __init__(self, target: Target, clock: Clock | None = None) -> None:
        self.target = target
        self.is_guarded = target.starts_read_only
        """As for PgSession: until a person unlocks the target."""
        self.breaker = Breaker(clock=clock or SystemClock())
        self.info: ServerInfo | None = None
        self.error: ConsoleError | None = None
        self._pool: psycopg_pool.AsyncConnectionPool[Any] | None = None
        self._opening = asyncio.Lock()
        self._connect_error: asyncio.Future[Exception] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[PgSession]:
        """A session for as long as the block lasts. Raises ConsoleError; a lost connection is Unreachable."""
        pool, info = await self._opened()
        try:
            connection = await pool.getconn()
        except psycopg_pool.PoolTimeout as error:
            raise Unreachable(
                f"{self.target.label}: no connection became free in {self.target.pool.timeout:g} s",
                hint=f"the pool has at most {self.target.pool.max_size}: raise pool.max_size of the target") from error
        except psycopg_pool.PoolClosed as error:
            raise Unreachable(f"{self.target.label}: the connection is closed") from error
        try:
            yield PgSession(connection, info, self.target, is_guarded=self.is_guarded)
        finally:
            lost = connection.closed
            connection.used_at = time.monotonic()
            await pool.putconn(connection)
            if lost and pool is self._pool:
                await self._close_pool()

    def statistics(self) -> PoolStatistics:
        stats = self._pool.get_stats() if self._pool else {}
        size = stats.get("pool_size", 0)
        return PoolStatistics(
            size=size, in_use=size - stats.get("pool_available", 0), max_size=self.target.pool.max_size,
            waiting=stats.get("requests_waiting", 0), connections_opened=stats.get("connections_num", 0),
            connections_failed=stats.get("connections_errors", 0))

    async def close(self) -> None:
        """Closes every connection, in order; waits at most two seconds for those in use."""
        async with self._opening:
            await self._close_pool()

    async def _opened(self) -> tuple[psycopg_pool.AsyncConnectionPool[Any], ServerInfo]:
        async with self._opening:
            if self._pool is not None and self.info is not None:
                return self._pool, self.info
            if not self.breaker.admits():
                assert self.error is not None
                raise self.error
            try:
                return await self._open()
            except (ConsoleError, psycopg.Error, OSError) as error:
                self.error = translate(error, self.target.label)
                self.breaker.failed()
                await self._close_pool()
                raise self.error from error
            except asyncio.CancelledError:
                if self.breaker.state is BreakerState.HALF_OPEN:
                    self.breaker.state = BreakerState.OPEN
                await self._close_pool()
                raise

    async def _open(self) -> tuple[psycopg_pool.AsyncConnectionPool[Any], ServerInfo]:
        settings = self.target.pool
        self._connect_error = asyncio.get_running_loop().create_future()
        self._pool = pool = psycopg_pool.AsyncConnectionPool(
            connection_class=self._connection_class(), open=False, name=self.target.label,
            min_size=settings.min_size, max_size=max(settings.max_size, settings.min_size),
            timeout=float(settings.timeout), max_lifetime=float(settings.max_lifetime),
            max_idle=float(settings.max_idle), check=_check_after_idling, num_workers=2)
        await pool.open(wait=False)
        connection = await self._first_connection(pool)
        try:
            self.info = info = await read_info(connection, self.target)
        finally:
            await pool.putconn(connection)
        self._connect_error = None
        self.error = None
        self.breaker.succeeded()
        return pool, info

    async def _first_connection(self, pool: psycopg_pool.AsyncConnectionPool[Any]) -> Any:
        """The first connection, or the error of the first failed try: psycopg_pool itself would go on trying."""
        assert self._connect_error is not None
        limit = self.target.connect_timeout_s + float(self.target.pool.timeout) + 20
        filling = asyncio.ensure_future(pool.wait(limit))
        try:
            either: set[asyncio.Future[Any]] = {filling, self._connect_error}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._connect_error.done():
                raise self._connect_error.result()
            await filling
        finally:
            await ended(filling)
        return await pool.getconn()

    def _connection_class(self) -> type[AsyncConnection[Any]]:
        owner = self

        class TargetConnection(PgConnection):
            used_at = time.monotonic()

            @classmethod
            async def connect(cls, conninfo: str = "", **kwargs: Any) -> Any:
                try:
                    return await connect(owner.target, cls)
                except Exception as error:
                    if owner._connect_error is not None and not owner._connect_error.done():
                        owner._connect_error.set_result(error)
                    if isinstance(error, psycopg.Error):
                        raise
                    raise psycopg.OperationalError(str(error)) from error

        return TargetConnection

    async def _close_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(CLOSE_TIMEOUT_S)


async def _check_after_idling(connection: Any) -> None:
    """A round trip to see that a connection lives, only when it has idled long enough to have died unseen."""
    if time.monotonic() - connection.used_at > CHECK_AFTER_IDLE_S:
        await psycopg_pool.AsyncConnectionPool.check_connection(connection)
