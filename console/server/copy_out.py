"""Rows out of tables by COPY in binary, one after the other and never all in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from msgspec import Struct

from console.server.copy import ColumnType, _register_vectors
from console.server.faults import translate_errors
from console.server.preamble import PINNED, SHOWN, preamble
from console.server.query import load
from console.server.rows import _rollback, _transaction
from console.server.session import PgSession

_TEXT = 25


class TypeOid(Struct, frozen=True):
    """A type by its OID (pg_type)."""

    oid: int


_EXTENSION_TYPE = load("console.server", "extension_type", TypeOid)

class ColumnRows(Struct, frozen=True):
    """A query of `texts` text columns and a vector, which comes as text too where `vector_type` is None, else as
    pgvector's own object; `extension_schema` is where its type is. `is_persons`: a person's text is a part of it."""

    text: str
    texts: int
    vector_type: str | None
    extension_schema: str
    is_persons: bool = False
    timeout_ms: int = 0


async def copied_rows(session: PgSession, query: ColumnRows) -> AsyncGenerator[tuple[Any, ...], None]:
    """The rows, in a read-only transaction of their own. Closing the iterator cancels the statement. Raises
    ConsoleError."""
    connection = session.connection
    with translate_errors(session.target.label):
        begin = preamble(session.target, session.info.major, statement_timeout_ms=query.timeout_ms,
                         pinned=SHOWN if query.is_persons else PINNED)
        await _transaction(session, begin, [], end=False)
        try:
            oid = _TEXT
            if query.vector_type is not None:
                cursor = await connection.execute(
                    _EXTENSION_TYPE.text(session.info).encode(),
                    {"schema": query.extension_schema, "name": query.vector_type})
                ((oid,),) = await cursor.fetchall()
                _register_vectors(connection, [ColumnType("", oid, query.vector_type)])
            statement = f"COPY (\n{query.text}\n) TO STDOUT (FORMAT binary)".encode()
            async with connection.cursor() as rows, rows.copy(statement) as copy:
                copy.set_types([_TEXT] * query.texts + [oid])
                async for row in copy.rows():
                    yield row
        finally:
            await _rollback(session)
