"""Rows into tables by COPY in binary: the quickest way in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from psycopg import AsyncConnection, sql
from psycopg.rows import class_row
from psycopg.types import TypeInfo
from psycopg.types.range import Range

from console.server.faults import translate_errors
from console.server.query import load
from console.server.session import PgSession

YIELD_ROWS = 100
"""So many rows go out before other tasks of this loop have their turn."""


class ColumnType(Struct, frozen=True):
    """A column and the type that its values travel as: a domain's base type, text for an enum (pg_attribute)."""

    name: str
    type_oid: int
    type_name: str


_TYPES = load("console.server", "column_types", ColumnType)


async def copy_rows(
    session: PgSession, schema: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Writes `rows`, values in the order of `columns`, in the transaction that is open, if any; how many there were.

    Values are what psycopg takes for the column's type; dictionaries and lists for jsonb, lists of numbers for
    pgvector's vector and halfvec, `Range` for ranges. Raises ConsoleError.
    """
    connection = session.connection
    with translate_errors(session.target.label):
        async with connection.cursor(row_factory=class_row(ColumnType)) as cursor:
            await cursor.execute(_TYPES.text(session.info).encode(), {"schema": schema, "table": table})
            types = {type_.name: type_ for type_ in await cursor.fetchall()}
        names = [types[column].type_name for column in columns]
        _register_vectors(connection, [types[column] for column in columns])
        halves = [place for place, name in enumerate(names) if name == "halfvec"]
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(schema, table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        count = 0
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([types[column].type_oid for column in columns])
            for count, row in enumerate(_halved(rows, halves) if halves else rows, 1):
                await copy.write_row(row)
                if count % YIELD_ROWS == 0:
                    await asyncio.sleep(0)
    return count


async def copy_between(source: PgSession, query: str, target: PgSession, into: str) -> int:
    """What `query` finds at the source, as rows of `into` ("schema.table (columns)"); how many there were.

    In the transactions that are open on either side, as text: the types may have other OIDs. Raises ConsoleError.
    """
    with translate_errors(target.target.label):
        async with target.connection.cursor() as taking:
            async with taking.copy(f"COPY {into} FROM STDIN".encode()) as copy:
                with translate_errors(source.target.label):
                    async with source.connection.cursor() as giving, \
                            giving.copy(f"COPY ({query}) TO STDOUT".encode()) as rows:
                        async for data in rows:
                            await copy.write(data)
            return max(0, taking.rowcount)


def _register_vectors(connection: AsyncConnection[Any], columns: Sequence[ColumnType]) -> None:
    """Has pgvector's types dumped, by their OIDs: pgvector itself would look for their names in the search_path."""
    for column in columns:
        info = TypeInfo(column.type_name, column.type_oid, 0)
        if column.type_name == "vector":
            from pgvector.psycopg.vector import register_vector_info

            register_vector_info(connection, info)
        elif column.type_name == "halfvec":
            from pgvector.psycopg.halfvec import register_halfvec_info

            register_halfvec_info(connection, info)
        elif column.type_name == "sparsevec":
            from pgvector.psycopg.sparsevec import register_sparsevec_info

            register_sparsevec_info(connection, info)
        elif column.type_name == "bit":
            from pgvector.psycopg.bit import register_bit_info

            register_bit_info(connection, info)


def vector_value(type_name: str, value: Sequence[float] | str) -> Any:
    """What pgvector writes in binary, made of numbers or of the text that the type's input takes.

    Raises ValueError and OverflowError for what the type can't hold.
    """
    import pgvector

    kinds: dict[str, Any] = {"vector": pgvector.Vector, "halfvec": pgvector.HalfVector,
                             "sparsevec": pgvector.SparseVector}
    if type_name == "bit":
        return pgvector.Bit(value if isinstance(value, str) else "".join("1" if number else "0" for number in value))
    kind = kinds[type_name]
    return kind.from_text(value) if isinstance(value, str) else kind(value)


def _halved(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> Iterator[Sequence[Any]]:
    """pgvector's dumper for halfvec takes no lists, unlike the one for vector."""
    from pgvector import HalfVector

    for row in rows:
        values = list(row)
        for place in places:
            if isinstance(row[place], list):
                values[place] = HalfVector(row[place])
        yield values


__all__ = ["Range", "copy_between", "copy_rows"]
