"""Statements with $1, $2... in read-only transactions: settings for that transaction alone, values in binary.

For what a person or a feature composes at run time: vector searches, EXPLAIN, measurements. Nothing is ever prepared,
no setting outlives its transaction, and every transaction is rolled back or committed before the call returns.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from psycopg import AsyncConnection, AsyncRawCursor, errors, generators, pq, sql
from psycopg.abc import PQGen
from psycopg.adapt import Dumper

from console.server.faults import translate_errors
from console.server.preamble import PINNED, limits, unhurried
from console.server.rows import TextColumn, TextPage, _page, _rollback, page_of
from console.server.session import PgSession
from console.sql.quoting import identifier
from console.waiting import waiting_for


class Wire(bytes):
    """A value as its type's binary input takes it; the cast in the statement says which type."""


class _WireDumper(Dumper):
    oid = 0
    format = pq.Format.BINARY

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


class ReadStatement(Struct, frozen=True):
    """One statement with its parameters: text of unknown type, Wire, or None."""

    sql: str
    params: Sequence[str | Wire | None] = ()


class PipelineResult(Struct, frozen=True):
    """What a round trip brought: a page a statement, and the server's own time for all of them in milliseconds.

    `server_ms` runs on the server's clock from before the first statement is parsed until the last one's rows are
    handed to its socket. `total_ms` is the wall time here.
    """

    pages: tuple[TextPage, ...]
    server_ms: float
    total_ms: float


class Library(Struct, frozen=True):
    """Where an extension's types are, so that its library is loaded before its settings are touched.

    Until then PostgreSQL takes any value for `hnsw.ef_search` without a word and forgets the wrong ones later.
    """

    schema: str
    type_name: str = "vector"

    def touch(self) -> str:
        return f"'[1]'::{identifier(self.schema, self.type_name)}"


def explain(statement: str, *, analyze: bool = False, generic: bool = False) -> str:
    """EXPLAIN (FORMAT JSON) of a statement; with `analyze` it is run, its nodes not timed."""
    options = ["FORMAT JSON", "VERBOSE", "SETTINGS"]
    options += ["ANALYZE", "TIMING OFF", "BUFFERS"] if analyze else []
    options += ["GENERIC_PLAN"] if generic else []
    return f"EXPLAIN ({', '.join(options)}) {statement}"


async def trip(session: PgSession, statements: Sequence[ReadStatement], *, settings: Mapping[str, str] | None = None,
               library: Library | None = None, timeout_ms: int | None = None,
               pinned: Mapping[str, str] = PINNED) -> PipelineResult:
    """Runs the statements in one read-only transaction and one round trip, under `settings` (SET LOCAL).

    `pinned` is SHOWN where a person's text is a part of a statement: then its names mean what they mean in psql, and
    whatever is ours in it needs its schema. `timeout_ms` is for each statement; None is the target's, 0 none. Raises
    ConsoleError; the transaction is gone.
    """
    before = {_READ_ONLY: "on", **pinned, **(settings or {})}
    sent = [_settings(session, before, library, timeout_ms), *statements, _CLOCK]
    with translate_errors(session.target.label), waiting_for(f"{session.target.label} to answer"):
        started = time.perf_counter()
        try:
            first, *results, last = await _pipelined(session.connection, sent)
        except BaseException:
            await _rollback(session)
            raise
        pages = tuple(page_of(result) for result in results)
        total_ms = (time.perf_counter() - started) * 1000
        server_ms = (_seconds(last) - _seconds(first)) * 1000
    return PipelineResult(pages, server_ms, total_ms)


async def _pipelined(connection: AsyncConnection[Any], statements: Sequence[ReadStatement]) -> list[pq.abc.PGresult]:
    """The statements' results. They leave in one piece: psycopg's own pipeline flushes after each, which is slower.

    Until the end everything is one transaction without a BEGIN. Raises psycopg.Error, the first there is.
    """
    pgconn = connection.pgconn
    sent = [(_bytes(statement.sql), [value if value is None or isinstance(value, Wire) else _bytes(value)
                               for value in statement.params],
             [pq.Format.BINARY if isinstance(value, Wire) else pq.Format.TEXT for value in statement.params])
            for statement in statements]
    async with connection.lock:
        pgconn.enter_pipeline_mode()
        try:
            for text, values, formats in sent:
                pgconn.send_query_params(text, values, param_formats=formats)
            pgconn.pipeline_sync()
            found = await connection.wait(_answers(pgconn, len(statements)))
        finally:
            try:
                pgconn.exit_pipeline_mode()
            except errors.OperationalError:  # lost, or cancelled twice: nobody can use it any more
                pgconn.finish()
    for result in found:
        if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED):
            raise errors.error_from_result(result, encoding=connection.info.encoding)
    return found


def _bytes(text: str) -> bytes:
    """Raises DataError for what libpq would cut off, or can't be written at all."""
    if "\0" in text:
        raise errors.DataError("PostgreSQL text cannot contain NUL (0x00) bytes")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise errors.DataError(f"the text is no Unicode: {error.reason}") from None


def _answers(pgconn: pq.abc.PGconn, count: int) -> PQGen[list[pq.abc.PGresult]]:
    """A result for each statement; behind them the pipeline's end, which is read as well."""
    yield from generators.send(pgconn)
    found = []
    for _ in range(count):
        found += yield from generators.fetch_many(pgconn)
    yield from generators.fetch_many(pgconn)
    return found


class Reading:
    """A read-only transaction that stays open: many statements on one snapshot, each timed on its own."""

    def __init__(self, session: PgSession) -> None:
        self._session = session

    async def fetch(self, statement: ReadStatement) -> tuple[TextPage, float]:
        """The statement's rows and its wall time in milliseconds. Raises ConsoleError, the transaction failed."""
        cursor = AsyncRawCursor(self._session.connection)
        text = statement.sql.encode()
        with translate_errors(self._session.target.label), waiting_for(f"{self._session.target.label} to answer"):
            started = time.perf_counter()
            await cursor.execute(text, statement.params or None)
            elapsed_ms = (time.perf_counter() - started) * 1000
            return _page(cursor, 0), elapsed_ms

    async def run(self, statement: ReadStatement) -> None:
        """Runs a statement that has no rows, such as DECLARE. Raises ConsoleError, the transaction failed."""
        with translate_errors(self._session.target.label), waiting_for(f"{self._session.target.label} to answer"):
            await AsyncRawCursor(self._session.connection).execute(statement.sql.encode(), statement.params or None)

    async def export(self) -> str:
        """The name by which other sessions take this transaction's snapshot while it is open."""
        page, _ = await self.fetch(ReadStatement("SELECT pg_catalog.pg_export_snapshot()"))
        name = page.rows[0][0]
        assert name is not None
        return name

    @asynccontextmanager
    async def under(self, settings: Mapping[str, str]) -> AsyncIterator[None]:
        """Settings that hold in the block alone; after an error inside nothing is put back: the caller rolls back."""
        with translate_errors(self._session.target.label):
            await self._session.connection.execute(sql.SQL("SAVEPOINT dbconsole_settings"))
            await _configure(self._session, settings, None, self._timeout_ms)
        yield
        with translate_errors(self._session.target.label):
            await self._session.connection.execute(sql.SQL("ROLLBACK TO SAVEPOINT dbconsole_settings"))

    _timeout_ms: int | None = None


@asynccontextmanager
async def reading(session: PgSession, *, snapshot: str | None = None, library: Library | None = None,
                  timeout_ms: int | None = None, pinned: Mapping[str, str] = PINNED) -> AsyncIterator[Reading]:
    """A repeatable-read, read-only transaction, on `snapshot` if another session has exported it; rolled back at the
    end. `timeout_ms` is for each statement, `pinned` as for `trip`. Raises ConsoleError."""
    connection = session.connection
    connection.adapters.register_dumper(Wire, _WireDumper)
    found = Reading(session)
    found._timeout_ms = timeout_ms
    try:
        with translate_errors(session.target.label), waiting_for(f"{session.target.label} to answer"):
            async with connection.pipeline():
                await connection.execute(sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                if snapshot is not None:
                    await connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
                await _configure(session, pinned, library, timeout_ms)
        yield found
    finally:
        await _rollback(session)


_CLOCK = ReadStatement("SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())")
_READ_ONLY = "transaction_read_only"


def _settings(session: PgSession, settings: Mapping[str, str], library: Library | None, timeout_ms: int | None
              ) -> ReadStatement:
    """The server's clock, and by one statement the timeouts and `settings` for this transaction.

    The library's literal is read when the statement is parsed, which is before any set_config is executed.
    """
    values = {**limits(session.target, statement_timeout_ms=timeout_ms), **unhurried(session.info.major), **settings}
    calls = ", ".join(f"pg_catalog.set_config(${2 * i + 1}, ${2 * i + 2}, true)" for i in range(len(values)))
    source = f" FROM (SELECT {library.touch()}) AS loaded" if library else ""
    return ReadStatement(f"SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()), {calls}{source}",
                     [part for pair in values.items() for part in pair])


async def _configure(session: PgSession, settings: Mapping[str, str], library: Library | None,
                     timeout_ms: int | None) -> None:
    statement = _settings(session, settings, library, timeout_ms)
    await AsyncRawCursor(session.connection).execute(statement.sql.encode(), statement.params)


def _seconds(result: pq.abc.PGresult) -> float:
    return float(result.get_value(0, 0) or 0)


__all__ = [
    "Library",
    "PipelineResult",
    "ReadStatement",
    "Reading",
    "TextColumn",
    "TextPage",
    "Wire",
    "explain",
    "reading",
    "trip",
]
