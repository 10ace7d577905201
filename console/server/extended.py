"""One statement by the extended protocol, which refuses several in one string: what a person typed, rows as text."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, errors, generators, pq
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from console.errors import UsageError

KEPT_ROWS = 1000
KEPT_BYTES = 32 * 1024 * 1024
"""What `streamed` keeps of the rows: the rest is counted."""

PARAMETERS_HINT = "put values in their place; its plan can be had without values (generic)"

_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.NONFATAL_ERROR)
_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)

Row = tuple[str | None, ...]


class ResultColumn(Struct, frozen=True):
    """A column of a result: its name and its type as format_type writes it, "" where that isn't known."""

    name: str
    type_name: str


class Streamed(Struct, frozen=True):
    """What came of a statement: the first rows, how many others there were, and the command tag with its number."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[Row, ...]
    dropped: int
    tag: str
    affected: int | None


class Types:
    """The names of types by OID, asked of the server once."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    async def columns(self, connection: AsyncConnection[Any], result: pq.abc.PGresult) -> tuple[ResultColumn, ...]:
        """The columns of `result`. Asks only within a transaction that is all right. Raises psycopg.Error."""
        oids = [result.ftype(number) for number in range(result.nfields)]
        for oid in dict.fromkeys(oids):
            if oid not in self._names and (found := psycopg.adapters.types.get(oid)) and found.oid == oid:
                self._names[oid] = found.regtype or found.name
        unknown = [oid for oid in oids if oid not in self._names]
        if unknown and connection.pgconn.transaction_status == TransactionStatus.INTRANS:
            # in the person's transaction, whose search_path is the person's
            cursor = await connection.execute(
                "SELECT t.oid::pg_catalog.int8, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type AS t "
                "WHERE t.oid OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.oid[])", [unknown])
            self._names |= dict(await cursor.fetchall())
        return tuple(ResultColumn((result.fname(number) or b"").decode("utf-8", "replace"), self._names.get(oid, ""))
                     for number, oid in enumerate(oids))


def check_characters(text: str) -> None:
    """Raises UsageError for a NUL, and for halves of characters, which UTF-8 has no bytes for."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)):
        raise UsageError("the statement holds a character that no server takes", hint="a NUL, or half a character")


async def described(connection: AsyncConnection[Any], text: str) -> pq.abc.PGresult:
    """Has the server parse a statement: what it would answer with. Raises psycopg.Error, UsageError for parameters."""
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        pgconn.send_prepare(b"", text.encode())
        pgconn.send_describe_prepared(b"")
        pgconn.pipeline_sync()
        parsed, found = await connection.wait(_described(pgconn))
    finally:
        try:
            pgconn.exit_pipeline_mode()
        except errors.OperationalError:  # lost, or cancelled twice: nobody can use it any more
            pgconn.finish()
    _checked(parsed)
    result = _checked(found)
    if result.nparams:
        raise UsageError(f"the statement has {result.nparams} parameter{'s' if result.nparams > 1 else ''} ($1): "
                         "it can't be run as it is", hint=PARAMETERS_HINT)
    return result


async def answered(connection: AsyncConnection[Any], text: str) -> pq.abc.PGresult:
    """Runs a statement; all of its rows are in the result. Raises psycopg.Error."""
    connection.pgconn.send_query_params(text.encode(), None)
    return _checked(await connection.wait(generators.execute(connection.pgconn)))


async def streamed(connection: AsyncConnection[Any], text: str, types: Types) -> Streamed:
    """Runs a statement and takes its rows one by one, of which the first are kept. Raises psycopg.Error, UsageError."""
    connection.pgconn.send_query_params(text.encode(), None)
    connection.pgconn.set_single_row_mode()
    taken = _Taken()
    await connection.wait(taken.run(connection.pgconn))
    if taken.is_copying:
        await connection.close()
        raise UsageError("COPY between server and client is psql's way to carry data",
                         hint="export the result of a query; INSERT what is to be written")
    if taken.failure is not None:
        raise taken.failure
    last = taken.last
    if last is None:
        return Streamed((), (), 0, "", None)
    return Streamed(await types.columns(connection, last), tuple(taken.rows), taken.dropped,
                    (last.command_status or b"").decode(), last.command_tuples)


async def session_settings(connection: AsyncConnection[Any]) -> dict[str, str]:
    """What was SET for the session, without the limits that the console sets. Raises psycopg.Error."""
    cursor = await connection.execute(
        "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings "
        "WHERE source OPERATOR(pg_catalog.=) 'session' AND name OPERATOR(pg_catalog.!~) 'transaction_' "
        "AND name OPERATOR(pg_catalog.<>) ALL (ARRAY['statement_timeout', 'lock_timeout', 'cursor_tuple_fraction'])")
    return dict(await cursor.fetchall())


class _Taken:
    """The results of a statement, taken to the last in one go: psycopg lets that finish also when it was cancelled."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.dropped = 0
        self.last: pq.abc.PGresult | None = None
        self.failure: psycopg.Error | None = None
        self.is_copying = False

    def run(self, pgconn: pq.abc.PGconn) -> Generator[Wait, Ready | int | None, None]:
        held = 0
        while (result := (yield from generators.fetch(pgconn))) is not None:
            self.last = result
            if result.status in _COPYING:
                self.is_copying = True
                return
            if result.status in _FAILED:
                self.failure = errors.error_from_result(result)
            elif result.status != ExecStatus.SINGLE_TUPLE:
                continue
            elif len(self.rows) < KEPT_ROWS and held < KEPT_BYTES:
                self.rows.append(row_of(result, 0))
                held += size_of(self.rows[-1])
            else:
                self.dropped += 1


def row_of(result: pq.abc.PGresult, number: int) -> Row:
    """One row as text; None is NULL."""
    values = [result.get_value(number, column) for column in range(result.nfields)]
    return tuple(None if value is None else value.decode("utf-8", "replace") for value in values)


def size_of(row: Row) -> int:
    """About how many bytes a row holds."""
    return sum(len(value or "") for value in row)


def _described(pgconn: pq.abc.PGconn) -> Generator[Wait, Ready | int | None, tuple[list[PGresult], list[PGresult]]]:
    """The results of Parse and of Describe, which leave in one piece; behind them the pipeline's end."""
    yield from generators.send(pgconn)
    parsed = yield from generators.fetch_many(pgconn)
    found = yield from generators.fetch_many(pgconn)
    yield from generators.fetch_many(pgconn)
    return parsed, found


def _checked(results: list[pq.abc.PGresult]) -> pq.abc.PGresult:
    result = results[-1]
    if result.status in _FAILED:
        raise errors.error_from_result(result)
    return result
