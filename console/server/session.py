"""A session: what a feature package needs of a connection, and its form over psycopg."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar, cast

import psycopg
from msgspec import Struct, field
from psycopg import AsyncConnection
from psycopg.rows import class_row

from console import waiting
from console.errors import ConsoleError, Missing, Unreachable
from console.server import trips
from console.server.connection import own_pids
from console.server.faults import translate, translate_errors
from console.server.info import Extension, ServerInfo
from console.server.loading import load_rows
from console.server.preamble import preamble, set_locally, unhurried
from console.server.query import Query, Read, load
from console.server.target import Target
from console.server.tls import encryption
from console.text import format as fmt

R = TypeVar("R")

RENEW_WITHIN_S = 10.0

_SAVEPOINT = b"SAVEPOINT dbconsole", b"RELEASE SAVEPOINT dbconsole", b"ROLLBACK TO SAVEPOINT dbconsole"


class Readings(Struct, frozen=True):
    """What a refresh brought: rows by query, and why a query has none.

    `rtt_ms` is the wall time of the round trip (of the last one, where the reads had to be repeated one by one) in
    milliseconds, the server's work included.
    """

    rows_by_name: Mapping[str, Sequence[Any]]
    unavailable: Mapping[str, str] = field(default_factory=dict)
    rtt_ms: float = 0.0
    sqlstates: Mapping[str, str] = field(default_factory=dict)
    """Of those that the server began and failed at."""

    def rows(self, query: Query[R]) -> list[R] | None:
        """The rows of `query`, None when the server didn't answer it (see `why`)."""
        rows = self.rows_by_name.get(query.name)
        return None if rows is None else cast("list[R]", list(rows))

    def first(self, query: Query[R]) -> R | None:
        """The only row of a query that has one."""
        rows = self.rows(query)
        return rows[0] if rows else None

    def why(self, query: Query[Any]) -> str | None:
        """Why `query` brought nothing: what the role, the version or the extension lacks."""
        return self.unavailable.get(query.name)


class Session(Protocol):
    """Reads on one connection of a target. Every method raises ConsoleError, never psycopg's own."""

    @property
    def info(self) -> ServerInfo: ...

    @property
    def target(self) -> Target: ...

    async def fetch(self, query: Query[R], params: Mapping[str, Any] | None = None) -> list[R]:
        """The rows of one query, read-only, under the target's timeouts. Raises Missing where it can't be asked."""
        ...

    async def refresh(self, *reads: Read[Any], within_s: float | None = None) -> Readings:
        """Several queries in one round trip; one that can't be answered is left out with its reason.

        With `within_s` it ends in that time, whatever the server does: a slow read is cancelled and left out, and a
        server that is silent is Unreachable, or, where some reads have been answered alone, the rest is left out.
        The connection of a silent server is closed.
        """
        ...

    async def renew(self) -> ServerInfo:
        """Finds out again what `info` says: a standby may be promoted, an extension made, a privilege granted."""
        ...


class PgSession:
    """A session over a psycopg connection in autocommit."""

    def __init__(self, connection: AsyncConnection[Any], info: ServerInfo, target: Target, *,
                 is_guarded: bool | None = None) -> None:
        self.connection = connection
        self.is_guarded = target.starts_read_only if is_guarded is None else is_guarded
        """Whether a person's statements that act although they are read-only are refused (console/server/effects.py).
        """
        self._info = info
        self._target = target
        self._denied: dict[str, str] = {}
        self._has_snapshot = False

    @property
    def info(self) -> ServerInfo:
        return self._info

    @property
    def target(self) -> Target:
        return self._target

    async def fetch(self, query: Query[R], params: Mapping[str, Any] | None = None) -> list[R]:
        if obstacle := query.obstacle(self._info):
            raise Missing(f"{self._target.label}: {query.name} {obstacle}")
        with translate_errors(self._target.label):
            (rows,) = await self._round_trip([Read(query, params)])
        return cast("list[R]", rows)

    async def renew(self) -> ServerInfo:
        """Finds out again what `info` says: a standby may be promoted, an extension made, a privilege granted."""
        self._info = await bounded(read_info(self.connection, self._target), self.connection, RENEW_WITHIN_S,
                                   self._target.label)
        self._denied.clear()
        return self._info

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Every read in the block sees the same moment: all are of one transaction. Raises ConsoleError.

        What PostgreSQL writes out of its catalogs itself (pg_get_viewdef and the like) is of its own moment all the
        same, in part.
        """
        lasting = set_locally({"idle_in_transaction_session_timeout": "0", **unhurried(self.info.major)})
        with translate_errors(self._target.label):
            await self.connection.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await self.connection.execute(f"SELECT {lasting}".encode())
        self._has_snapshot = True
        try:
            yield
        finally:
            self._has_snapshot = False
            if not self.connection.closed:
                with suppress(psycopg.Error):  # a lost session has nothing left to roll back
                    await self.connection.rollback()

    async def refresh(self, *reads: Read[Any], within_s: float | None = None) -> Readings:
        unavailable = {
            read.query.name: reason
            for read in reads
            if (reason := self._denied.get(read.query.name) or read.query.obstacle(self._info))
        }
        wanted = [read for read in reads if read.query.name not in unavailable]
        started = time.perf_counter()
        try:
            results = await self._bounded_trip(wanted, within_s)
        except psycopg.Error as error:
            fault = translate(error, self._target.label)
            if isinstance(fault, Unreachable) or self.connection.closed:
                raise fault from error
            deadline = None if within_s is None else started + within_s
            return await self._one_by_one(wanted, unavailable, deadline)
        elapsed_ms = (time.perf_counter() - started) * 1000
        rows = {read.query.name: result for read, result in zip(wanted, results, strict=True)}
        return Readings(rows, unavailable, elapsed_ms)

    async def _one_by_one(self, reads: Sequence[Read[Any]], unavailable: Mapping[str, str],
                          deadline: float | None = None) -> Readings:
        """After a failed pipeline: each read alone. What is denied or missing stays out for this session's life.

        With a deadline (of time.perf_counter) each read may take half of the time that is left.
        """
        reasons = dict(unavailable)
        rows: dict[str, Sequence[Any]] = {}
        sqlstates: dict[str, str] = {}
        elapsed_ms = 0.0
        for read in reads:
            begun = time.perf_counter()
            left_s = None if deadline is None else deadline - begun
            try:
                (rows[read.query.name],) = await self._bounded_trip([read], left_s)
                elapsed_ms = (time.perf_counter() - begun) * 1000
            except psycopg.Error as error:
                fault = translate(error)
                if isinstance(fault, Unreachable) or self.connection.closed:
                    raise fault from error
                reasons[read.query.name] = why(fault)
                sqlstate = getattr(fault, "sqlstate", None)
                if sqlstate is not None:
                    sqlstates[read.query.name] = sqlstate
                    if sqlstate.startswith("42"):
                        self._denied[read.query.name] = why(fault)
            except Unreachable as silent:
                if not rows:
                    raise
                for rest in reads:
                    if rest.query.name not in rows:
                        reasons.setdefault(rest.query.name, silent.summary)
                break
        return Readings(rows, reasons, elapsed_ms, sqlstates)

    async def _bounded_trip(self, reads: Sequence[Read[Any]], limit_s: float | None) -> list[list[Any]]:
        """A round trip that ends in `limit_s`; the server cancels it when half of that is over."""
        half_s = None if limit_s is None else limit_s / 2
        return await bounded(self._round_trip(reads, half_s), self.connection, limit_s, self._target.label)

    async def _round_trip(self, reads: Sequence[Read[Any]], limit_s: float | None = None) -> list[list[Any]]:
        with waiting.waiting_for(f"{self._target.label} to answer"):
            if not trips.listeners:
                return await self._ask(reads, limit_s)
            with trips.traced(self._target, self._info, [read.query.name for read in reads]):
                return await self._ask(reads, limit_s)

    async def _ask(self, reads: Sequence[Read[Any]], limit_s: float | None) -> list[list[Any]]:
        """BEGIN, the settings, the reads and COMMIT in one pipeline; raises psycopg.Error after a rollback.

        In a snapshot a savepoint stands for the transaction.
        """
        connection = self.connection
        cursors = []
        begin, settings = preamble(self._target, self._info.major,
                                   statement_timeout_ms=self._statement_timeout_ms(limit_s))
        begin, commit, undo = _SAVEPOINT if self._has_snapshot else (begin, b"COMMIT", b"ROLLBACK")
        try:
            async with connection.pipeline():
                for statement in (begin, settings):
                    await connection.execute(statement)
                for read in reads:
                    cursor = connection.cursor(row_factory=class_row(read.query.record))
                    cursors.append(cursor)
                    text, params = read.query.text(self._info), read.params
                    if "%(own)s" in text:
                        params = {**(params or {}), "own": None if self._info.is_pooled else own_pids(connection)}
                    await cursor.execute(text.encode(), params)
                await connection.execute(commit)
        except psycopg.Error:
            if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                await connection.execute(undo)
            raise
        return [await load_rows(cursor) for cursor in cursors]

    def _statement_timeout_ms(self, limit_s: float | None) -> int:
        own = self._target.statement_timeout_ms
        limit = own if limit_s is None else max(1, round(limit_s * 1000))
        return min(own, limit) if own else limit


FIRST_ANSWER_WITHIN_S = 10.0
"""Who has let us in and doesn't answer is stopped, or a pooler that is paused or has no connection to spare."""


async def bounded(work: Coroutine[Any, Any, R], connection: AsyncConnection[Any], limit_s: float | None,
                  label: str) -> R:
    """The outcome of `work` on `connection`. After `limit_s`, or when cancelled, the connection is closed: Unreachable.

    Cancelling alone would not do: psycopg then asks the server to cancel and waits, and a stopped server is silent.
    """
    if limit_s is None:
        return await work
    try:
        return await waiting.outcome(work, within_s=limit_s, give_up=connection.pgconn.finish)
    except TimeoutError:
        said = getattr(connection, "pooler_notice", None)
        raise Unreachable(f"{label}: the server has not answered in {fmt.duration(limit_s)}",
                          hint=f"the pooler says: {said}" if said else
                          "it may be stopped, overloaded, or behind a broken network") from None


def why(fault: ConsoleError) -> str:
    """An error as the reason that an empty panel gives: what and what would help."""
    return f"{fault.summary}: {fault.hint}" if fault.hint else fault.summary


class ServerRow(Struct, frozen=True):
    """sql/server_info.sql as it comes."""

    version_num: int
    version: str
    database: str
    user: str
    quoted_user: str
    is_superuser: bool
    is_standby: bool
    is_read_only: bool
    server_encoding: str
    backend_pid: int
    max_connections: int
    started_at: Any
    system_identifier: str | None
    memberships: list[str]
    views: list[str]
    extensions: list[list[str]]
    search_path: str
    has_plan_advice: bool
    ledger_exists: bool
    ledger_is_readable: bool
    tls_protocol: str | None
    tls_cipher: str | None
    client_certificate: str | None
    is_gss: bool | None


async def read_info(connection: AsyncConnection[Any], target: Target) -> ServerInfo:
    """What is known of the server behind a new connection. Raises ConsoleError."""
    query = load("console.server", "server_info", ServerRow)
    told_pid = connection.info.backend_pid
    blank = ServerInfo(connection.info.server_version, "", "", "", "", False, False, False, "", 0, 0, None, None)
    session = PgSession(connection, blank, target)
    if blank.major < min(variant.since for variant in query.variants):
        from console.server.info import OLDEST_MAJOR

        raise Unreachable(f"{target.label}: PostgreSQL {blank.major} is too old",
                          hint=f"dbconsole works with PostgreSQL {OLDEST_MAJOR} and later")
    with translate_errors(target.label):
        ((row,),) = await session._round_trip([Read(query)])
    is_pooled = row.backend_pid != told_pid
    protection = encryption(
        connection.pgconn, is_pooled=is_pooled, protocol=row.tls_protocol, cipher=row.tls_cipher,
        client_certificate=row.client_certificate, is_gss=row.is_gss)
    return ServerInfo(
        version_num=row.version_num, version=row.version.split(" ")[0], database=row.database, user=row.user,
        quoted_user=row.quoted_user, is_superuser=row.is_superuser, is_standby=row.is_standby,
        is_read_only=row.is_read_only, server_encoding=row.server_encoding, backend_pid=row.backend_pid,
        max_connections=row.max_connections, started_at=row.started_at, system_identifier=row.system_identifier,
        memberships=frozenset(row.memberships), views=frozenset(row.views),
        extensions={name: Extension(name, version, schema, available)
                    for name, version, schema, available in row.extensions},
        search_path=row.search_path, ledger_exists=row.ledger_exists, ledger_is_readable=row.ledger_is_readable,
        is_pooled=is_pooled, host=connection.info.host or None, port=connection.info.port,
        is_one_of_several=target.names_several_hosts, encryption=protection,
        has_plan_advice=row.has_plan_advice,
    )
