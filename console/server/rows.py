"""Rows of tables that we know nothing about: every value as the text that the server wrote.

What goes out is composed (paging.py); what comes in is text pages, a cursor that stays open, or a stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import Any, Literal

import psycopg
from msgspec import Struct, field
from psycopg import AsyncRawCursor, pq, sql
from psycopg.adapt import Dumper

from console.server import effects
from console.server.extended import described
from console.server.faults import translate_errors
from console.server.preamble import PINNED, UNPINNED, preamble
from console.server.session import PgSession

IDLE_LIMIT_S = 60.0
"""How long a cursor may keep its transaction open while nobody asks for a page."""

Sessions = Callable[[], AbstractAsyncContextManager[PgSession]]


class Raw(bytes):
    """A value as the server wrote it, to be sent back unchanged (a key in a SQL_ASCII database needn't be UTF-8)."""


class RawDumper(Dumper):
    """Sends Raw as text of unknown type: the cast in the statement says what it is."""

    oid = 0

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


class TextColumn(Struct, frozen=True):
    """A column of a result: its name and its type's OID."""

    name: str
    type_oid: int


class TextPage(Struct, frozen=True):
    """A result as text; None is NULL. `raw` gives a value's own bytes, for sending it back."""

    columns: tuple[TextColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    raw_rows: tuple[tuple[Raw | None, ...], ...] = ()


async def text_page(session: PgSession, statement: sql.Composed, params: Sequence[Any] = (), *, raw_from: int = 0,
                    statement_timeout_ms: int | None = None, pinned: Mapping[str, str] = PINNED) -> TextPage:
    """The rows of one statement in a read-only transaction, one round trip. Raises ConsoleError.

    With `raw_from`, the columns from that one on are kept as bytes as well (`raw_rows`). `pinned` as for `preamble`.
    """
    with translate_errors(session.target.label):
        begin = preamble(session.target, session.info.major, statement_timeout_ms=statement_timeout_ms, pinned=pinned)
        (cursor,) = await _transaction(session, begin, [(statement, params)], end=True)
        return _page(cursor, raw_from)


class Typed(Struct, frozen=True):
    """A query that a person typed, and the settings under which it is meant."""

    text: str
    settings: Mapping[str, str] = field(default_factory=dict)


_SET_CONFIG = sql.SQL("SELECT pg_catalog.set_config($1, $2, true)").format()
"""Of a person's settings, whose values may hold anything."""


class RowCursor:
    """A server-side cursor in a read-only transaction of its own connection, for rows without a key.

    The connection is taken at the first page and given back by `close`, or after IDLE_LIMIT_S without a page; the
    next page then opens the cursor again and moves to its place, on what the table is by then.
    """

    def __init__(self, sessions: Sessions, statement: sql.Composed, *, scrolls: bool, raw_from: int = 0,
                 idle_limit_s: float = IDLE_LIMIT_S) -> None:
        self._sessions = sessions
        self._statement = statement
        self._scrolls = scrolls
        self._raw_from = raw_from
        self._idle_limit_s = idle_limit_s
        self._session: PgSession | None = None
        self._stack = AsyncExitStack()
        self._position = 0
        self._lock = asyncio.Lock()
        self._idle: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._session is not None

    async def page(self, offset: int, size: int) -> TextPage:
        """`size` rows from the one after `offset` on. Raises ConsoleError, the cursor closed."""
        async with self._lock:
            self._stop_idling()
            try:
                if self._session is not None and offset < self._position and not self._scrolls:
                    await self._close()
                session = self._session or await self._open()
                with translate_errors(session.target.label):
                    page = await self._fetch(session, offset, size)
            except BaseException:
                await self._close()
                raise
            self._position = offset + len(page.rows)
            self._idle = asyncio.create_task(self._close_when_idle())
            return page

    async def close(self) -> None:
        """Ends the transaction and gives the connection back."""
        async with self._lock:
            self._stop_idling()
            await self._close()

    async def _open(self) -> PgSession:
        session = self._session = await self._stack.enter_async_context(self._sessions())
        way = sql.SQL("SCROLL" if self._scrolls else "NO SCROLL")
        # The server ends the transaction itself should this process hang.
        guard_ms = round(self._idle_limit_s * 1000) * 2
        settings = {"idle_in_transaction_session_timeout": f"{guard_ms:d}"}
        begin = preamble(session.target, session.info.major, settings=settings)
        declare = sql.SQL("DECLARE dbconsole_rows {} CURSOR FOR {}").format(way, self._statement)
        with translate_errors(session.target.label):
            await _transaction(session, begin, [(declare, ())], end=False)
        self._position = 0
        return session

    async def _fetch(self, session: PgSession, offset: int, size: int) -> TextPage:
        connection = session.connection
        if offset != self._position:
            move = f"ABSOLUTE {offset:d}" if self._scrolls else f"FORWARD {offset - self._position:d}"
            await connection.execute(sql.SQL(f"MOVE {move} FROM dbconsole_rows"))
        cursor = AsyncRawCursor(connection)
        await cursor.execute(sql.SQL(f"FETCH FORWARD {size:d} FROM dbconsole_rows"))
        return _page(cursor, self._raw_from)

    async def _close_when_idle(self) -> None:
        await asyncio.sleep(self._idle_limit_s)
        async with self._lock:
            self._idle = None
            await self._close()

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await _rollback(session)
        await self._stack.aclose()
        self._position = 0


async def stream_csv(session: PgSession, statement: sql.Composed, *, statement_timeout_ms: int,
                     typed: Typed | None = None) -> AsyncGenerator[bytes, None]:
    """The rows of `statement` as CSV (RFC 4180), the header first, one chunk a row and never all in memory.

    NULL is empty and an empty text is "". Cancelling the task, or closing the iterator, cancels the statement.
    Raises ConsoleError.
    """
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(statement)
    async with aclosing(_copied(session, copy, statement_timeout_ms, typed)) as rows:
        async for row in rows:
            yield row[:-1] + b"\r\n"  # the protocol sends one row a message, and COPY ends it with a line feed


async def stream_json(session: PgSession, statement: sql.Composed, *, statement_timeout_ms: int,
                      typed: Typed | None = None) -> AsyncGenerator[bytes, None]:
    """The rows of `statement` as one JSON array of objects, one chunk a row, and one that closes the array."""
    # r alone would mean a column of that name; r.* is the row, whatever its columns are called
    rows_as_json = sql.SQL("SELECT pg_catalog.row_to_json(r.*) FROM ({}) AS r").format(statement)
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')").format(rows_as_json)
    opening = b"[\n"
    async with aclosing(_copied(session, copy, statement_timeout_ms, typed)) as rows:
        async for row in rows:
            # \x01 is never in JSON: it is the quote, set where a json column has line feeds between its tokens.
            text = row[:-1].replace(b"\x01", b"")
            yield opening + text.decode("utf-8", "replace").encode()
            opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def stream_query(session: PgSession, typed: Typed, form: Literal["csv", "json"], *, statement_timeout_ms: int
                 ) -> AsyncGenerator[bytes, None]:
    """All rows of a query that a person typed, as `stream_csv` or `stream_json` does. Raises ConsoleError."""
    statement = sql.Composed([sql.SQL(typed.text), sql.SQL("\n")])  # the text may end in a comment
    stream = stream_csv if form == "csv" else stream_json
    return stream(session, statement, statement_timeout_ms=statement_timeout_ms, typed=typed)


async def count_rows(session: PgSession, schema: str | None, name: str, *, timeout_ms: int) -> int:
    """How many rows a relation has now, all of them counted. Raises ConsoleError, TimedOut after `timeout_ms`.

    Without a schema the name means what it means in a person's statement.
    """
    relation = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    statement = sql.SQL("SELECT pg_catalog.count(*) FROM {}").format(relation)
    page = await text_page(session, statement, statement_timeout_ms=timeout_ms, pinned=UNPINNED)
    return int(page.rows[0][0] or 0)


async def _copied(session: PgSession, statement: sql.Composed, statement_timeout_ms: int, typed: Typed | None
                  ) -> AsyncGenerator[bytes, None]:
    with translate_errors(session.target.label):
        begin = preamble(session.target, session.info.major, statement_timeout_ms=statement_timeout_ms,
                         pinned=PINNED if typed is None else UNPINNED)
        settings = [(_SET_CONFIG, pair) for pair in typed.settings.items()] if typed is not None else []
        await _transaction(session, begin, settings, end=False)
        try:
            if typed is not None:
                # COPY goes by the simple protocol: here the extended one says that the text is one statement.
                await described(session.connection, typed.text)
                await _refuse_effects(session, typed)
            async with session.connection.cursor().copy(statement) as copy:
                async for row in copy:
                    yield bytes(row)
        finally:
            await _rollback(session)


async def _refuse_effects(session: PgSession, typed: Typed) -> None:
    """Raises Acts where the query acts and the target is locked."""
    if session.is_guarded:
        searched = await session.connection.execute(effects.SEARCHED_SCHEMAS)
        ((schemas,),) = await searched.fetchall()
        await effects.refuse_in(session.connection, session.info, session.target.label,
                                await effects.read_uses(typed.text), schemas)


async def _transaction(session: PgSession, begin: Sequence[bytes],
                       statements: Sequence[tuple[sql.Composed, Sequence[Any]]], *, end: bool
                       ) -> list[AsyncRawCursor[Any]]:
    """BEGIN, the statements and, with `end`, COMMIT in one round trip; on any failure the transaction is gone."""
    connection = session.connection
    cursors = []
    try:
        async with connection.pipeline():
            for opening in begin:
                await connection.execute(opening)
            for statement, params in statements:
                cursor = AsyncRawCursor(connection)  # $1, not %s: identifiers may hold percent signs
                cursor.adapters.register_dumper(Raw, RawDumper)
                cursors.append(cursor)
                await cursor.execute(statement, params or None)
            if end:
                await connection.execute("COMMIT")
    except BaseException:
        await _rollback(session)
        raise
    return cursors


async def _rollback(session: PgSession) -> None:
    connection = session.connection
    if not connection.closed and connection.info.transaction_status != pq.TransactionStatus.IDLE:
        try:
            await connection.rollback()
        except psycopg.Error:
            await connection.close()


def _page(cursor: AsyncRawCursor[Any], raw_from: int) -> TextPage:
    """The cursor's result by way of libpq alone, so that no type is ever parsed."""
    assert cursor.pgresult is not None
    return page_of(cursor.pgresult, raw_from)


def page_of(result: pq.abc.PGresult, raw_from: int = 0) -> TextPage:
    """A result of libpq's as text."""
    width = result.nfields
    columns = tuple(TextColumn(_text(result.fname(i)) or "", result.ftype(i)) for i in range(width))
    values = [[result.get_value(row, i) for i in range(width)] for row in range(result.ntuples)]
    texts = tuple(tuple(map(_text, row)) for row in values)
    if not raw_from:
        return TextPage(columns, texts)
    raw = tuple(tuple(None if part is None else Raw(part) for part in row[raw_from:]) for row in values)
    return TextPage(columns, texts, raw)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
