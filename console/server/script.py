"""Running what other people wrote: a script's statements on a connection of their own.

In a transaction all statements go in one pipeline, and each result is handed on when it arrives; outside a
transaction one statement at a time by the simple protocol, which holds no snapshot when it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg import AsyncConnection, errors, pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.waiting import Ready, Wait

from console import waiting
from console.errors import ConsoleError, ServerError, Unreachable
from console.server.connection import connect
from console.server.faults import translate, translate_errors
from console.server.info import ServerInfo
from console.server.query import Query
from console.server.session import FIRST_ANSWER_WITHIN_S, PgSession, bounded, read_info
from console.server.target import APPLICATION_NAME, Target

R = TypeVar("R")

_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.NONFATAL_ERROR)
ROLLBACK_TIMEOUT_S = 10.0


class ScriptCommand(Struct, frozen=True):
    """One statement of a pipeline. `params` are text for $1, $2...; `is_awaited`: its result is sent at once."""

    sql: str
    params: Sequence[str | None] | None = None
    is_awaited: bool = False


class StatementOutcome(Struct, frozen=True):
    """What a statement answered: its command tag ("CREATE TABLE"), rows affected, and the rows as text."""

    tag: str
    rows_affected: int | None
    rows: Sequence[Sequence[str | None]] = ()


class ServerNotice(Struct, frozen=True):
    """A message that the server sent beside the results; `severity` is NOTICE, WARNING, INFO..."""

    severity: str
    message: str
    detail: str | None
    hint: str | None


class ScriptFault(Exception):
    """A command failed; `index` is its place in the pipeline, `fault` what the server said, `context` its CONTEXT."""

    def __init__(self, index: int, fault: ConsoleError, context: str | None = None) -> None:
        super().__init__(fault.summary)
        self.index = index
        self.fault = fault
        self.context = context

    @property
    def sqlstate(self) -> str | None:
        return getattr(self.fault, "sqlstate", None)

    @property
    def position(self) -> int | None:
        return getattr(self.fault, "position", None)


class ScriptSession(PgSession):
    """A connection that runs scripts. Not shared, never prepared, in autocommit between scripts."""

    on_notice: Callable[[ServerNotice], None] | None = None
    _ahead: Sequence[ScriptCommand] | None = None

    def __init__(self, connection: AsyncConnection[Any], info: ServerInfo, target: Target) -> None:
        super().__init__(connection, info, target)
        self._prepared: dict[str, bytes] = {}

    async def transaction(self, commands: Sequence[ScriptCommand], on_outcome: Callable[[int, StatementOutcome], None],
                          ahead: Sequence[ScriptCommand] | None = None) -> None:
        """Runs `commands`, of which the first begins and the last ends the transaction, in one round trip.

        `ahead` are those of the next transaction: they are sent as well, so that the server needn't wait for us, and
        this returns when `commands` are through. The next call must be for them. What is ahead doesn't run when
        something before it is refused.

        Raises ScriptFault after a rollback; a cancelled task cancels the statement on the server and rolls back.
        """
        connection = self.connection
        if self._ahead is not None and self._ahead is not commands:
            await self.abandon()
        pipeline = _Pipeline(connection.pgconn, self._prepared, commands, on_outcome)
        work = pipeline.run(self._ahead is commands, ahead)
        self._ahead = None
        try:
            async with connection.lock:
                await connection.wait(work)
            if pipeline.failure is not None:
                raise pipeline.failure
        except psycopg.Error as error:
            await self.roll_back()
            raise _fault(pipeline.index, pipeline.failure or error) from error
        except BaseException:
            await self.roll_back()
            raise
        self._ahead = ahead

    async def ask(self, *commands: ScriptCommand, begin: str = "BEGIN") -> Sequence[Sequence[str | None]]:
        """The first rows of the last of `commands`, in a transaction that is rolled back.

        Raises ScriptFault, whose index counts from the BEGIN.
        """
        rows: Sequence[Sequence[str | None]] = ()

        def keep(index: int, outcome: StatementOutcome) -> None:
            nonlocal rows
            rows = outcome.rows if index == len(commands) else rows

        await self.transaction([ScriptCommand(begin), *commands, ScriptCommand("ROLLBACK")], keep)
        return rows

    async def abandon(self) -> None:
        """Takes back what was sent ahead; the connection is closed where the server doesn't answer to that."""
        if self._ahead is None or self.connection.closed:
            return
        ended = _Pipeline(self.connection.pgconn, self._prepared, self._ahead, lambda index, outcome: None)
        self._ahead = None
        try:
            await self.connection.cancel_safe(timeout=ROLLBACK_TIMEOUT_S)
            await asyncio.wait_for(self.connection.wait(ended.run(True, None)), ROLLBACK_TIMEOUT_S)
        except (psycopg.Error, TimeoutError):
            await self.connection.close()
        await self.roll_back()

    async def prepare(self, text: str) -> None:
        """Has the server plan once a command that many transactions will end with; not through a pooler."""
        if self._info.is_pooled or text in self._prepared:
            return
        name = f"dbconsole_{len(self._prepared)}".encode()
        with translate_errors(self.target.label):
            await self.connection.wait(_prepared(self.connection.pgconn, name, text))
        self._prepared[text] = name

    def forget_prepared(self) -> bool:
        """Sends every command with its text again: DEALLOCATE in a script takes ours too. Whether there were any."""
        had = bool(self._prepared)
        self._prepared.clear()
        return had

    async def statement(self, text: str) -> StatementOutcome:
        """Runs one statement outside a transaction. Raises ScriptFault with index 0."""
        try:
            cursor = await self.connection.execute(cast("sql.SQL", text))
        except psycopg.Error as error:
            await self.roll_back()
            raise _fault(0, error) from error
        return StatementOutcome(cursor.statusmessage or "", cursor.rowcount if cursor.rowcount >= 0 else None)

    async def execute(self, *statements: str) -> list[Sequence[Any]]:
        """Runs statements of ours as one simple query; the rows of the last. Raises ConsoleError."""
        with translate_errors(self.target.label), waiting.waiting_for(f"{self.target.label} to answer"):
            cursor = await self.connection.execute(cast("sql.SQL", "; ".join(statements)))
            while cursor.nextset():
                pass
            return [] if cursor.description is None else list(await cursor.fetchall())

    async def fetch_here(self, query: Query[R], params: Mapping[str, Any] | None = None) -> list[R]:
        """The rows of `query` without the read-only transaction around it."""
        from psycopg.rows import class_row

        with translate_errors(self.target.label), waiting.waiting_for(f"{self.target.label} to answer"):
            cursor = self.connection.cursor(row_factory=class_row(query.record))
            await cursor.execute(cast("sql.SQL", query.text(self.info)), params)
            return await cursor.fetchall()

    def check_alive(self) -> None:
        """Raises Unreachable when the server has closed this connection, without asking it anything."""
        try:
            self.connection.pgconn.consume_input()
        except psycopg.Error as error:
            raise Unreachable(f"{self.target.label}: the connection was lost", detail=str(error).strip()) from error
        if self.connection.closed:
            raise Unreachable(f"{self.target.label}: the connection was lost")

    async def roll_back(self) -> None:
        """Ends whatever transaction is open; a cancellation that comes meanwhile has to wait for it."""
        if self.connection.closed or self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            return
        try:
            await waiting.finish(asyncio.wait_for(self.connection.rollback(), ROLLBACK_TIMEOUT_S))
        except (psycopg.Error, TimeoutError):
            await self.connection.close()


@asynccontextmanager
async def script_session(target: Target, *, purpose: str = "") -> AsyncIterator[ScriptSession]:
    """A connection of its own for as long as the block lasts. Raises ConsoleError when it can't be made.

    `purpose` is added to the application name, by which other people's views tell what a session is for.
    """
    if purpose and "application_name" not in conninfo_to_dict(target.conninfo):
        named = make_conninfo(target.conninfo, application_name=f"{APPLICATION_NAME} {purpose}")
        target = replace(target, conninfo=named)
    try:
        connection = await connect(target)
    except (psycopg.Error, OSError) as error:
        raise translate(error, target.label) from error
    try:
        info = await bounded(read_info(connection, target), connection, waiting.limit_s() or FIRST_ANSWER_WITHIN_S,
                             target.label)
        session = ScriptSession(connection, info, target)
        connection.add_notice_handler(lambda diagnostic: _hand_on(session, diagnostic))
        try:
            yield session
        finally:
            await session.abandon()
    finally:
        await connection.close()


def _hand_on(session: ScriptSession, diagnostic: errors.Diagnostic) -> None:
    if session.on_notice is not None:
        session.on_notice(ServerNotice(diagnostic.severity or "NOTICE", diagnostic.message_primary or "",
                                       diagnostic.message_detail, diagnostic.message_hint))


def _fault(index: int, error: psycopg.Error) -> ScriptFault:
    return ScriptFault(index, translate(error), error.diag.context)


def _prepared(connection: pq.abc.PGconn, name: bytes, text: str) -> Generator[Wait, Ready | int | None, None]:
    from psycopg.generators import execute

    connection.send_prepare(name, text.encode())
    (result,) = yield from execute(connection)
    if result.status in _FAILED:
        raise errors.error_from_result(result, "utf-8")


class _Pipeline:
    """Commands on their way; `index` is the one whose result is awaited, or the one that failed with `failure`."""

    def __init__(self, connection: pq.abc.PGconn, prepared: Mapping[str, bytes], commands: Sequence[ScriptCommand],
                 on_outcome: Callable[[int, StatementOutcome], None]) -> None:
        self.connection = connection
        self.prepared = prepared
        self.commands = commands
        self.on_outcome = on_outcome
        self.index = 0
        self.failure: psycopg.Error | None = None
        self._is_ending = False

    def run(self, is_sent: bool, ahead: Sequence[ScriptCommand] | None) -> Generator[Wait, Ready | int | None, None]:
        """Sends all, hands on each result as it comes. Reads while it writes: a server that can't write won't read.

        Only the end of a pipeline is a synchronisation point, so the server skips all that follows a refused command,
        what was sent ahead too. A refused command doesn't raise in here, where psycopg would take it for a broken
        connection.
        """
        connection = self.connection
        if not is_sent:
            connection.enter_pipeline_mode()
            self._send(self.commands)
        if ahead is not None:
            connection.send_flush_request()
            self._send(ahead)
        else:
            self._end()
        while True:
            while not connection.is_busy():
                if self._is_through(connection.get_result()):
                    return
            ready = yield Wait.RW if connection.flush() else Wait.R
            if ready is None:
                self._end()  # with that psycopg takes the wait up again after a cancellation
            elif ready & Ready.R:
                connection.consume_input()

    def _is_through(self, result: pq.abc.PGresult | None) -> bool:
        """Takes one result, None after the last of a command; whether the pipeline is at its end with it."""
        if result is None:
            if self.connection.status == pq.ConnStatus.BAD:
                raise self.failure or psycopg.OperationalError("the connection was lost")
            self.index += self.failure is None
            return self.index == len(self.commands) and not self._is_ending
        if result.status == ExecStatus.PIPELINE_SYNC:
            self.connection.exit_pipeline_mode()
            return True
        if result.status in _FAILED:
            self.failure = self.failure or errors.error_from_result(result, "utf-8")
            self._end()
        elif result.status != ExecStatus.PIPELINE_ABORTED and self.index < len(self.commands):
            self.on_outcome(self.index, _outcome(result))
        return False

    def _send(self, commands: Sequence[ScriptCommand]) -> None:
        connection = self.connection
        for command in commands:
            params = [None if param is None else param.encode() for param in command.params or ()]
            if name := self.prepared.get(command.sql):
                connection.send_query_prepared(name, params)
            else:
                connection.send_query_params(command.sql.encode(), params or None)
            if command.is_awaited:
                connection.send_flush_request()

    def _end(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self.connection.pipeline_sync()


def _outcome(result: pq.abc.PGresult) -> StatementOutcome:
    rows = [[_text(result.get_value(row, column)) for column in range(result.nfields)]
            for row in range(min(result.ntuples, 10))]
    return StatementOutcome((result.command_status or b"").decode(), result.command_tuples, rows)


def _text(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode("utf-8", "replace")


__all__ = ["ScriptCommand", "ScriptFault", "ScriptSession", "ServerError", "ServerNotice", "StatementOutcome",
           "script_session"]
