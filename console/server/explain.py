"""EXPLAIN of a person's statement, in a transaction that is always rolled back.

The statement goes by the extended protocol, which refuses several in one string. The transaction is read-only unless
the caller says that the statement may write, and a query comes first, after which nothing can make it read-write.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from msgspec import Struct, field
from psycopg import AsyncRawCursor, errors, generators, pq
from psycopg.rows import class_row

from console import waiting
from console.errors import ConsoleError, ServerError, Unreachable, UsageError
from console.server import effects
from console.server.faults import translate
from console.server.info import ServerInfo
from console.server.loading import load_rows
from console.server.preamble import PINNED, UNPINNED, preamble, set_locally
from console.server.query import Query
from console.server.session import PgSession
from console.sql.statements import is_explain, selects_nothing

R = TypeVar("R")

GRACE_S = 5.0
"""How long after statement_timeout a silent server is waited for."""

PARAMETERS_HINT = "the statement has parameters ($1): give their values, or ask for the generic plan"

WRITES_HINT = "it can be run and rolled back, if that is meant"



class Writes(ServerError):
    """The statement would write, and its transaction is read-only: nothing has been changed."""


class ExplainRequest(Struct, frozen=True, kw_only=True):
    """What to ask of EXPLAIN.

    `parameters` are texts for $1, $2... (None is NULL); `generic` plans without knowing them. `settings` hold for the
    transaction alone; `without` names options (see `offered`) to leave out. `may_write` allows ANALYZE to run what
    writes; it is rolled back all the same, but sequences, and what functions and triggers do outside the database, are
    not. `allowed` names what may act outside the transaction where the target is locked (see effects.py).
    `timeout_ms` 0 is none; `token` makes names unique.
    """

    statement: str
    analyze: bool = False
    generic: bool = False
    serialize: bool = True
    without: Collection[str] = ()
    may_write: bool = False
    allowed: Collection[str] = ()
    timeout_ms: int = 30_000
    parameters: Sequence[str | None] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(6))


class Explained(Struct, frozen=True):
    """What the server answered: EXPLAIN's JSON as it came, and the rows of the query that was asked after it."""

    text: str
    rows: Sequence[Any]


async def explain(session: PgSession, request: ExplainRequest, then: Query[R]) -> Explained:
    """Runs EXPLAIN and, in the same transaction, `then`. Raises ConsoleError; Writes where only `may_write` would do,
    Acts where only `allowed` would.

    Cancelling the task cancels the statement.
    """
    if is_explain(request.statement):
        raise UsageError("EXPLAIN is put in front of the statement by itself", hint="give the statement without it")
    if not request.statement.strip():
        raise UsageError("there is no statement to explain")
    if "\0" in request.statement:
        raise UsageError("a statement holds no NUL character")
    if request.generic and request.analyze:
        raise UsageError("a generic plan has no parameters' values, so that it can't be run",
                         hint="give values for the parameters, or leave analyze out")
    if "pg_plan_advice.advice" in request.settings and not session.info.has_plan_advice:
        raise UsageError(f"{session.target.label}: pg_plan_advice is not loaded: nothing would follow the advice",
                         hint="PostgreSQL 19 has it: session_preload_libraries = 'pg_plan_advice'")
    limit_s = request.timeout_ms / 1000 + GRACE_S if request.timeout_ms else None
    try:
        return await _within(limit_s, _explained(session, request, then), session)
    except psycopg.Error as error:
        prefix = len(_prefix(session.info, request))
        raise _told(error, session.target.label, request, prefix) from error


async def _within(limit_s: float | None, work: Coroutine[Any, Any, Explained], session: PgSession) -> Explained:
    """The outcome of `work`. After `limit_s`, or when cancelled, the server is asked to cancel the statement.

    A server that doesn't answer that either loses the connection: Unreachable.
    """
    try:
        with waiting.waiting_for(f"{session.target.label} to plan or run the statement"):
            return await waiting.outcome(work, within_s=limit_s, give_up=lambda: session.connection.pgconn.finish(),
                                         grace_s=GRACE_S)
    except TimeoutError:
        raise Unreachable(f"{session.target.label}: the server has not answered in {limit_s:g} s",
                          hint="it may be stopped, overloaded, or behind a broken network") from None


def offered(info: ServerInfo, *, analyze: bool) -> tuple[str, ...]:
    """The OPTIONS that this server has for a plan, or for one that is run."""
    major = info.major
    run = ("WAL", "TIMING", *(("SERIALIZE",) if major >= 17 else ()), *(("IO",) if major >= 19 else ())) \
        if analyze else ()
    return ("BUFFERS", "VERBOSE", "SETTINGS", *(("MEMORY",) if major >= 17 else ()),
            *(("PLAN_ADVICE",) if info.has_plan_advice else ()), *run)


def options(info: ServerInfo, request: ExplainRequest) -> str:
    """The options that this server has: `ANALYZE, VERBOSE, ..., FORMAT JSON`."""
    without = {*request.without, *(() if request.serialize else ("SERIALIZE",))}
    named = ["ANALYZE"] if request.analyze else []
    named += ["GENERIC_PLAN"] if request.generic and info.major >= 16 else []
    for name in offered(info, analyze=request.analyze):
        if name not in without:
            named += [name] if name != "TIMING" else []
        elif name in ("BUFFERS", "TIMING") and request.analyze:
            named.append(f"{name} OFF")  # they are on by default
    return ", ".join([*named, "FORMAT JSON"])


def _prefix(info: ServerInfo, request: ExplainRequest) -> str:
    """What is put in front of the statement."""
    if request.generic and info.major < 16:
        return f"PREPARE dbconsole_{request.token} AS\n"
    return f"EXPLAIN ({options(info, request)})\n"


async def _explained(session: PgSession, request: ExplainRequest, then: Query[R]) -> Explained:
    connection = session.connection
    prefix = _prefix(session.info, request)
    # With a query, after which the transaction can't be made read-write any more.
    begin = preamble(session.target, session.info.major, read_only=not request.may_write,
                     statement_timeout_ms=request.timeout_ms, pinned=UNPINNED)
    try:
        async with connection.pipeline():
            for statement in begin:
                await connection.execute(statement)
            for name, value in request.settings.items():
                await connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", [name, value])
            searched = await connection.execute(effects.SEARCHED_SCHEMAS)
        if session.is_guarded:
            ((schemas,),) = await searched.fetchall()
            await effects.refuse_in(connection, session.info, session.target.label,
                                    await effects.read_uses(request.statement), schemas, request.allowed,
                                    is_run=request.analyze)
        if request.analyze and not request.may_write:
            await _refuse_creation(session, request.statement)
        if not request.generic:
            text = await _extended(session, prefix + request.statement, request.parameters)
        elif session.info.major >= 16:
            text = await _generic(session, prefix + request.statement)
        else:
            text = await _prepared(session, prefix, request)
        _check(session)
        async with connection.pipeline():
            await connection.execute(f"SELECT {set_locally(PINNED)}".encode())
            cursor = connection.cursor(row_factory=class_row(then.record))
            await cursor.execute(then.text(session.info).encode())
        rows = await load_rows(cursor)
    finally:
        await _rollback(session)
    return Explained(text, rows)


async def _extended(session: PgSession, statement: str, parameters: Sequence[str | None]) -> str:
    cursor = AsyncRawCursor(session.connection)
    # Results in binary come by the extended protocol alone; JSON is the same text in both.
    await cursor.execute(statement.encode(), list(parameters) or None, binary=True)
    return _document(cursor)


async def _refuse_creation(session: PgSession, statement: str) -> None:
    """EXPLAIN ANALYZE of CREATE TABLE AS runs even where the transaction is read-only: it must be seen beforehand.

    What gives no columns is no query, except for a SELECT of none. Raises Writes, and psycopg.Error.
    """
    if selects_nothing(statement):
        return
    await _parse(session, statement)
    pgconn = session.connection.pgconn
    pgconn.send_describe_prepared(b"")
    (described,) = await session.connection.wait(generators.execute(pgconn))
    if described.status == pq.ExecStatus.COMMAND_OK and described.nfields == 0:
        raise Writes(f"{session.target.label}: the statement writes, and was not run", hint=WRITES_HINT)


async def _parse(session: PgSession, statement: str) -> None:
    """Has the server parse a statement, which must be one, by the extended protocol. Raises psycopg.Error."""
    pgconn = session.connection.pgconn
    pgconn.send_prepare(b"", statement.encode())
    (parsed,) = await session.connection.wait(generators.execute(pgconn))
    if parsed.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(parsed)


async def _generic(session: PgSession, statement: str) -> str:
    """GENERIC_PLAN goes by the simple protocol alone, after the extended one has seen that it is one statement."""
    await _parse(session, statement)
    cursor = AsyncRawCursor(session.connection)
    await cursor.execute(statement.encode())
    return _document(cursor)


async def _prepared(session: PgSession, prefix: str, request: ExplainRequest) -> str:
    """A generic plan before 16: PREPARE and EXPLAIN EXECUTE. The statement is gone when the transaction ends."""
    connection = session.connection
    name = prefix.split()[1]
    await AsyncRawCursor(connection).execute(f"{prefix}{request.statement}".encode(), binary=True)
    counting = await connection.execute(
        "SELECT pg_catalog.cardinality(parameter_types) FROM pg_catalog.pg_prepared_statements "
        "WHERE name OPERATOR(pg_catalog.=) %s", [name])
    row = await counting.fetchone()
    nulls = ", ".join(["NULL"] * (row[0] if row else 0))
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute("SAVEPOINT dbconsole_explain")
    cursor = AsyncRawCursor(connection)
    try:
        await cursor.execute(f"EXPLAIN ({options(session.info, request)}) EXECUTE {name}"
                             f"{f' ({nulls})' if nulls else ''}".encode())
    except psycopg.Error:
        if not connection.closed:
            await connection.execute("ROLLBACK TO SAVEPOINT dbconsole_explain")
            await connection.execute(f"DEALLOCATE {name}".encode())
        raise
    await connection.execute(f"DEALLOCATE {name}".encode())
    return _document(cursor)


def _document(cursor: AsyncRawCursor[Any]) -> str:
    """The answer by way of libpq: json.loads could not bear every plan's depth."""
    result = cursor.pgresult
    value = result.get_value(0, 0) if result is not None and result.ntuples else None
    if value is None:
        raise ServerError("EXPLAIN answered nothing", hint="a rule may have replaced the statement by nothing")
    return value.decode("utf-8", "replace")


def _check(session: PgSession) -> None:
    if session.connection.info.transaction_status != pq.TransactionStatus.INTRANS:
        raise ServerError(f"{session.target.label}: the statement ended its transaction")


async def _rollback(session: PgSession) -> None:
    connection = session.connection
    if not connection.closed and connection.info.transaction_status != pq.TransactionStatus.IDLE:
        try:
            await connection.rollback()
        except psycopg.Error:
            await connection.close()


def _told(error: psycopg.Error, label: str, request: ExplainRequest, prefix: int) -> ConsoleError:
    """The error with its position counted in the statement itself, `prefix` characters of ours left out."""
    fault = translate(error, label)
    if isinstance(fault, ServerError) and fault.position is not None:
        fault.position = fault.position - prefix if fault.position > prefix else None
    match error.sqlstate:
        case "25006":
            return Writes(f"{fault.summary}: the statement writes, and was not run", sqlstate=error.sqlstate,
                          hint=WRITES_HINT)
        case "08P01" | "42P02":
            return ServerError(f"{label}: {error.diag.message_primary}", hint=PARAMETERS_HINT, sqlstate=error.sqlstate)
        case "42601" if "multiple commands" in (error.diag.message_primary or ""):
            return UsageError(f"{label}: several statements in one string", hint="one statement at a time is explained")
        case "57014" if request.analyze and request.timeout_ms:
            return type(fault)(f"{fault.summary}, after {request.timeout_ms / 1000:g} s",
                               hint="a longer timeout, or the plan alone without running it",
                               sqlstate=error.sqlstate)  # type: ignore[call-arg]
        case _:
            return fault


__all__ = ["ExplainRequest", "Explained", "Writes", "explain", "offered", "options"]
