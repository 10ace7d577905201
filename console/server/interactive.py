"""A person's own statements, on a connection of their own: one at a time, cancellable, read-only where it must be.

Read-only is the server's work, not a parser's. A statement goes by the extended protocol, which refuses several in one
string, in a transaction that began READ ONLY and has answered a query, after which nothing makes it read-write; it is
rolled back in the end, as NOTIFY and large objects on 14 would outlive a commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Literal, TypeVar

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg import AsyncConnection, errors
from psycopg.pq import TransactionStatus

from console import waiting
from console.errors import ConsoleError, ServerError, Unreachable, UsageError
from console.server import effects, extended
from console.server.connection import connect
from console.server.extended import ResultColumn, Row, Types, answered, described, row_of
from console.server.faults import translate
from console.server.info import ServerInfo
from console.server.preamble import limits, set_locally
from console.server.script import ServerNotice
from console.server.session import read_info
from console.server.target import Target
from console.sql.statements import Control, InteractiveStatement

T = TypeVar("T")

PAGE_ROWS = 200
PAGE_CELLS = 10_000
PAGE_BYTES = 8 * 1024 * 1024
"""About how much a page may hold; a single row is always fetched, whatever it holds."""

IDLE_LIMIT_S = 60.0
GUARD_MS = 120_000
"""How long a cursor keeps a transaction of ours open while nobody asks for more rows, by us and by the server."""

MOST_NOTICES = 1000

GRACE_S = 5.0
"""How long a cancelled statement may take to end before the connection is given up."""

_CURSOR = "dbconsole_query"
_DECLARE = f"DECLARE {_CURSOR} NO SCROLL CURSOR FOR "
_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)

TransactionState = Literal["none", "open", "failed"]


class QueryResult(Struct, frozen=True):
    """What a statement answered. `rows` are the first ones, None is NULL; `more` says whether others wait.

    `affected` is the number in the command tag; `dropped` are rows that were neither kept nor can be read again.
    `elapsed_ms` is the wall time until the first rows were here.
    """

    tag: str
    columns: tuple[ResultColumn, ...] = ()
    rows: tuple[Row, ...] = ()
    affected: int | None = None
    more: bool = False
    dropped: int = 0
    elapsed_ms: float = 0.0
    notices: tuple[ServerNotice, ...] = ()


class Interactive:
    """Statements of one person on one target.

    `read_only`, `manual` (statements stay in a transaction until it is ended) and `timeout_ms` (0 is none) hold from
    the next statement on. All methods raise ConsoleError; cancelling a call cancels the statement on the server.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.read_only = True
        self.manual = False
        self.timeout_ms = target.statement_timeout_ms
        self.info: ServerInfo | None = None
        self.began_s = 0.0
        """When the open transaction began, by time.monotonic."""
        self._connection: AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()
        self._notices: list[ServerNotice] = []
        self.settings: Mapping[str, str] = {}
        """What has been SET, so that others can run a statement as it is meant here."""
        self._types = Types()
        self._schemas: Sequence[str] = ()
        self._is_own = False  # the open transaction is the person's, not one around a single statement
        self._began_read_only = False
        self._has_cursor = False
        self._row_bytes = 0
        self._page_rows = PAGE_ROWS
        self._idle: asyncio.Task[None] | None = None

    # what is so

    @property
    def transaction(self) -> TransactionState:
        """The person's transaction; "none" also while a cursor keeps one of ours open."""
        if self._connection is None or self._connection.closed or not self._is_own:
            return "none"
        return "failed" if self._status == TransactionStatus.INERROR else "open"

    @property
    def is_in_read_only_transaction(self) -> bool:
        """Whether the person's transaction can't write, whatever has been unlocked since it began."""
        return self.transaction != "none" and self._began_read_only

    @property
    def has_more(self) -> bool:
        """Whether `more` would bring rows."""
        return self._has_cursor and self._connection is not None and not self._connection.closed

    @property
    def _status(self) -> TransactionStatus:
        if self._connection is None or self._connection.closed:
            return TransactionStatus.UNKNOWN
        return TransactionStatus(self._connection.pgconn.transaction_status)

    # what a person does

    async def run(self, command: InteractiveStatement, allowed: Collection[str] = ()) -> QueryResult:
        """Runs one statement; what the one before had left to read is given up.

        Raises Acts, nothing sent, where it is read-only and acts all the same; `allowed` names what may.
        """
        async with self._lock:
            return await self._cancellable(self._run(command, allowed))

    async def more(self) -> tuple[Row, ...]:
        """The next rows of the last result; none at its end."""
        async with self._lock:
            return await self._cancellable(self._more()) if self.has_more else ()

    async def end(self, how: Literal["commit", "rollback"]) -> QueryResult:
        """Ends the person's transaction. One that began read-only is rolled back either way."""
        return await self.run(InteractiveStatement("", control=how))

    async def close(self) -> None:
        """Closes the connection; what was not committed is lost."""
        self._stop_idling()
        connection, self._connection = self._connection, None
        self._is_own = self._has_cursor = False
        if connection is not None:
            await connection.close()

    # the connection

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        lost = self._is_own
        self._connection, self._is_own, self._has_cursor, self.settings = None, False, False, {}
        if lost:
            raise Unreachable(f"{self.target.label}: the connection was lost, and with it the transaction",
                              hint="nothing of it was committed; run the statements again")
        try:
            connection = await connect(self.target)
        except (psycopg.Error, OSError) as error:
            raise translate(error, self.target.label) from error
        try:
            self.info = await read_info(connection, self.target)
        except BaseException:
            await connection.close()
            raise
        connection.add_notice_handler(self._hear)
        self._connection = connection
        return connection

    def _hear(self, said: errors.Diagnostic) -> None:
        if len(self._notices) < MOST_NOTICES:
            self._notices.append(ServerNotice(said.severity or "NOTICE", said.message_primary or "",
                                              said.message_detail, said.message_hint))

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of `work`; once cancelled it ends within GRACE_S, if need be without the connection."""
        try:
            return await waiting.outcome(work, within_s=None, give_up=self._abandon, grace_s=GRACE_S)
        except psycopg.Error as error:
            raise self._told(error) from error

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()

    def _told(self, error: psycopg.Error) -> ConsoleError:
        fault = translate(error, self.target.label)
        if error.sqlstate == "25006":
            fault.hint = ("the target has to be unlocked for writing first" if self.read_only else
                          "this transaction began read-only: end it, then run the statement again")
        elif error.sqlstate == "25P02":
            fault.hint = "roll it back, or back to a savepoint"
        return fault

    # one statement

    async def _run(self, command: InteractiveStatement, allowed: Collection[str]) -> QueryResult:
        extended.check_characters(command.sql)
        connection = await self._connected()
        await self._give_up_cursor(connection)
        self._notices = []
        started = time.perf_counter()
        if command.control is not None:
            result = QueryResult(await self._control(connection, command.control, command.sql))
        elif command.is_setting and not self._is_own and self.info is not None and self.info.is_pooled:
            raise UsageError("behind a pooler a setting would stay with a connection that others get",
                             hint="SET LOCAL in a transaction of your own: BEGIN, SET LOCAL..., the query, COMMIT")
        elif command.is_alone and not self.read_only and not self._is_own:
            result = await self._alone(connection, command.sql)
        else:
            result = await self._in_transaction(connection, command, allowed)
        return replace(result, more=self.has_more, elapsed_ms=(time.perf_counter() - started) * 1000,
                       notices=tuple(self._notices))

    async def _in_transaction(self, connection: AsyncConnection[Any], command: InteractiveStatement,
                              allowed: Collection[str]) -> QueryResult:
        read_only, keep = self.read_only, False
        reached = await effects.read_uses(command.sql) if read_only else None
        try:
            if self._status == TransactionStatus.IDLE:
                await self._begin(connection, "BEGIN READ ONLY" if read_only else "BEGIN", read_only, own=self.manual)
            elif self._status == TransactionStatus.INTRANS:
                # Read-only once more: COMMIT AND CHAIN would have begun a transaction that has answered nothing yet.
                await self._configure(connection, read_only)
            if reached is not None and self._status == TransactionStatus.INTRANS and self.info is not None:
                await effects.refuse_in(connection, self.info, self.target.label, reached, self._schemas, allowed)
            columns = await self._types.columns(connection, await described(connection, command.sql))
            if command.is_query and columns:
                result = await self._by_cursor(connection, command.sql, columns)
            else:
                result = await self._direct(connection, command.sql)
            if read_only and self._status != TransactionStatus.INTRANS:
                self._is_own = False
                raise ServerError(f"{self.target.label}: the statement ended its transaction; nothing was written")
            keep = command.is_setting or not read_only
            if command.is_setting:
                self.settings = await extended.session_settings(connection)
        finally:
            await self._settle(connection, commit=keep)
        return result

    async def _begin(self, connection: AsyncConnection[Any], text: str, read_only: bool, *, own: bool) -> None:
        async with connection.pipeline():
            await connection.execute(text.encode())
            if not own:  # the server ends it itself should this process hang
                await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = {GUARD_MS:d}".encode())
            await self._configure(connection, read_only)
        self._is_own = own
        self._began_read_only = read_only
        self.began_s = time.monotonic()

    async def _configure(self, connection: AsyncConnection[Any], read_only: bool) -> None:
        """The limits and, where nothing may be written, what nothing can take back: read-only, and a query.

        No query where it may: SET TRANSACTION wants to be first.
        """
        settings = {**limits(self.target, statement_timeout_ms=self.timeout_ms),
                    "cursor_tuple_fraction": "1"}  # the plan of the whole query
        async with connection.pipeline():
            if not read_only:
                for name, value in settings.items():
                    await connection.execute(f"SET LOCAL {name} = {value}".encode())
                return
            await connection.execute(b"SET TRANSACTION READ ONLY")
            found = await connection.execute(f"{effects.SEARCHED_SCHEMAS}, {set_locally(settings)}".encode())
        self._schemas, *_ = (await found.fetchall())[0]

    async def _direct(self, connection: AsyncConnection[Any], text: str) -> QueryResult:
        found = await extended.streamed(connection, text, self._types)
        return QueryResult(found.tag, found.columns, found.rows, found.affected, dropped=found.dropped)

    async def _alone(self, connection: AsyncConnection[Any], text: str) -> QueryResult:
        """Outside a transaction no SET LOCAL bounds a statement: the clock here does."""
        try:
            return await asyncio.wait_for(self._direct(connection, text), self.timeout_ms / 1000 or None)
        except TimeoutError:
            raise ServerError(f"{self.target.label}: cancelled after {self.timeout_ms / 1000:g} s",
                              hint="the time limit of this screen can be changed", sqlstate="57014") from None

    async def _by_cursor(self, connection: AsyncConnection[Any], text: str, columns: tuple[ResultColumn, ...]
                         ) -> QueryResult:
        """A query's first rows by a cursor, which stays open while there are more."""
        try:
            await answered(connection, _DECLARE + text)
        except psycopg.Error as error:
            fault = self._told(error)
            if isinstance(fault, ServerError) and fault.position is not None:
                fault.position = fault.position - len(_DECLARE) if fault.position > len(_DECLARE) else None
            raise fault from error
        self._has_cursor, self._row_bytes, self._page_rows = True, 0, max(2, min(PAGE_ROWS, PAGE_CELLS // len(columns)))
        rows = await self._page(connection, 1)
        if self._has_cursor:
            rows += await self._page(connection, self._page_rows - 1)
        return QueryResult(f"SELECT {len(rows)}" if not self._has_cursor else "SELECT", columns, rows)

    async def _page(self, connection: AsyncConnection[Any], most: int) -> tuple[Row, ...]:
        """The cursor's next rows, fewer where they are long. The cursor is gone when there are no others."""
        wanted = max(1, min(most, PAGE_BYTES // self._row_bytes)) if self._row_bytes else most
        has_more, self._has_cursor = self._has_cursor, False
        result = await answered(connection, f"FETCH FORWARD {wanted:d} FROM {_CURSOR}")
        rows = tuple(row_of(result, number) for number in range(result.ntuples))
        self._row_bytes = max([self._row_bytes, *map(extended.size_of, rows)])
        if result.ntuples == wanted:
            self._has_cursor = has_more
        elif self._is_own:
            await answered(connection, f"CLOSE {_CURSOR}")
        return rows

    async def _more(self) -> tuple[Row, ...]:
        connection, keep = await self._connected(), False
        self._stop_idling()
        try:
            rows = await self._page(connection, self._page_rows)
            keep = not self._began_read_only
        finally:
            await self._settle(connection, commit=keep)
        return rows

    # transactions

    async def _control(self, connection: AsyncConnection[Any], control: Control, text: str) -> str:
        """Begins or ends the person's transaction; the words to say about it."""
        if control == "begin":
            if self._is_own:
                raise UsageError("a transaction is open already", hint="commit it or roll it back first")
            await self._begin(connection, text or "BEGIN", self.read_only, own=True)
            return "BEGIN READ ONLY" if self.read_only else "BEGIN"
        if not self._is_own:
            raise UsageError("there is no transaction to end")
        failed = self._status == TransactionStatus.INERROR
        commits = control == "commit" and not failed and not self._began_read_only
        try:
            result = await answered(connection, "COMMIT" if commits else "ROLLBACK")
        finally:
            self._is_own = self._status in _OPEN
        if self.settings and not self._is_own:
            self.settings = await extended.session_settings(connection)
        tag = (result.command_status or b"").decode()
        if control == "commit" and not commits:
            return f"{tag}: the transaction had failed" if failed else f"{tag}: it was read-only"
        return tag

    async def _settle(self, connection: AsyncConnection[Any], *, commit: bool) -> None:
        """Ends a transaction of ours, unless a cursor needs it still: that is ended when nobody reads on."""
        status = self._status
        if self._is_own or status in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            if status == TransactionStatus.IDLE:
                self._is_own = self._has_cursor = False
            return
        if self._has_cursor and status == TransactionStatus.INTRANS:
            self._idle = asyncio.create_task(self._end_when_idle(connection))
            return
        self._has_cursor = False
        if commit and status == TransactionStatus.INTRANS:
            await answered(connection, "COMMIT")
            return
        try:
            await asyncio.wait_for(connection.rollback(), GRACE_S)
        except (psycopg.Error, TimeoutError):
            await connection.close()

    async def _give_up_cursor(self, connection: AsyncConnection[Any]) -> None:
        """What is left to read, and the transaction that was open for it alone."""
        self._stop_idling()
        had, self._has_cursor = self._has_cursor, False
        if self._is_own and had and self._status == TransactionStatus.INTRANS:
            await answered(connection, f"CLOSE {_CURSOR}")
        await self._settle(connection, commit=not self._began_read_only)

    async def _end_when_idle(self, connection: AsyncConnection[Any]) -> None:
        await asyncio.sleep(IDLE_LIMIT_S)
        async with self._lock:
            self._idle = None  # not to be cancelled by what it calls
            try:
                await self._give_up_cursor(connection)
            except psycopg.Error:
                await connection.close()

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
