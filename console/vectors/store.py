"""A vector column's rows into a file: the key and the vector, or whichever columns are asked for.

The file takes its place when all of it is there. Numbers of .npy and Parquet come in binary, by pgvector's own
adapters; CSV and JSON lines take the server's text, which has every digit that counts.
"""

from __future__ import annotations

import csv
import io
import json
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from console import files
from console.errors import ConsoleError, UsageError
from console.server import effects
from console.server.copy_out import ColumnRows, copied_rows
from console.server.nearest import stored_rows
from console.server.session import PgSession
from console.vectors import read
from console.vectors.files import npy
from console.vectors.files.reading import pyarrow
from console.vectors.records import VectorColumn

PARQUET_ROWS = 1024
TELL_EVERY = 500


class StoreRequest(Struct, frozen=True):
    """`columns` None: the table's key. `where` is a person's condition, `allowed` what may act in it; `ids` takes the
    keys of an .npy file, one a line."""

    path: str
    kind: str
    column: VectorColumn
    columns: tuple[str, ...] | None = None
    where: str | None = None
    ids: str | None = None
    timeout_ms: int = 0
    allowed: frozenset[str] = frozenset()


Tell = Callable[[int], None]


async def store(session: PgSession, request: StoreRequest, tell: Tell = lambda rows: None) -> int:
    """Writes the file; how many rows it has. Raises ConsoleError, Acts where the condition acts."""
    column = request.column
    shown = {item.name: item for item in await read.shown_columns(session, column.relation_oid)}
    names = await _names(session, request, list(shown))
    is_text = request.kind in ("csv", "jsonl")
    text = stored_rows(column.schema, column.relation, [(name, shown[name].is_builtin) for name in names],
                       column.name, request.where, as_json=request.kind == "jsonl", vector_as_text=is_text)
    await effects.refuse_relation(session, column.relation_oid)
    if request.where is not None:
        await effects.refuse(session, text, request.allowed)
    rows = copied_rows(session, ColumnRows(
        text, len(names), None if is_text else column.type_name, column.extension_schema,
        is_persons=request.where is not None, timeout_ms=request.timeout_ms))
    try:
        with files.replacing(Path(request.path)) as file:
            async with aclosing(rows):
                return await _WRITERS[request.kind](file, rows, names, request, tell)
    except OSError as error:
        raise ConsoleError(f"{request.path} can't be written: {error.strerror or error}") from error


async def _names(session: PgSession, request: StoreRequest, shown: Sequence[str]) -> tuple[str, ...]:
    """The columns that are written besides the vector. Raises UsageError."""
    column = request.column
    if request.columns is None:
        found = await read.page_key(session, column.relation_oid)
        names: tuple[str, ...] = tuple(found.columns) if found is not None else ()
    else:
        names = tuple(name for name in request.columns if name != column.name)
    if unknown := [name for name in names if name not in shown]:
        raise UsageError(f"{column.table} has no column {unknown[0]!r}", hint=f"it has {', '.join(shown)}")
    if request.kind in ("npy", "parquet") and column.type_name not in ("vector", "halfvec"):
        raise UsageError(f"a {column.type_name} has no {request.kind} form", hint="CSV and JSON lines have")
    if request.kind == "npy":
        if request.ids is None:
            return ()
        if len(names) != 1:
            raise UsageError(f"--ids takes one column, not {len(names)}", hint="--columns NAME says which one")
    return names


async def _csv(file: BinaryIO, rows: AsyncIterator[Sequence[Any]], names: tuple[str, ...], request: StoreRequest,
               tell: Tell) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([*names, request.column.name])
    count = 0
    async for row in rows:
        writer.writerow(row)
        count = _counted(count, tell)
    text.detach()
    return count


async def _json_lines(file: BinaryIO, rows: AsyncIterator[Sequence[Any]], names: tuple[str, ...],
                      request: StoreRequest, tell: Tell) -> int:
    heads = [f"{json.dumps(name, ensure_ascii=False)}: " for name in (*names, request.column.name)]
    is_array = request.column.type_name in ("vector", "halfvec")
    count = 0
    async for row in rows:
        *values, vector = row
        values.append(vector if vector is None or is_array else json.dumps(vector))
        line = ", ".join(head + ("null" if value is None else value) for head, value in zip(heads, values, strict=True))
        file.write(f"{{{line}}}\n".encode())
        count = _counted(count, tell)
    return count


async def _npy(file: BinaryIO, rows: AsyncIterator[Sequence[Any]], names: tuple[str, ...], request: StoreRequest,
               tell: Tell) -> int:
    """A matrix in single precision; the number of its rows is known in the end. NULL has no place in it."""
    file.write(npy.header(0, 1))
    dimensions: int | None = request.column.dimensions
    keys: list[str] = []
    count = 0
    async for row in rows:
        if row[-1] is None:
            continue
        numbers = array("f", row[-1].to_list())
        dimensions = dimensions or len(numbers)
        if len(numbers) != dimensions:
            raise UsageError(f"vectors of {dimensions} and of {len(numbers)} dimensions are no matrix",
                             hint="--where leaves some out; CSV and JSON lines take all")
        file.write(_little(numbers))
        keys += [str(row[0])] if names else []
        count = _counted(count, tell)
    file.seek(0)
    file.write(npy.header(count, dimensions or 1))
    if request.ids is not None:
        with files.replacing(Path(request.ids)) as ids:
            ids.write("".join(f"{key}\n" for key in keys).encode())
    return count


def _little(numbers: array[float]) -> bytes:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


async def _parquet(file: BinaryIO, rows: AsyncIterator[Sequence[Any]], names: tuple[str, ...], request: StoreRequest,
                   tell: Tell) -> int:
    parquet = pyarrow()
    import pyarrow as arrow

    fields = [(name, arrow.string()) for name in names] + [(request.column.name, arrow.list_(arrow.float32()))]
    schema = arrow.schema(fields)
    batch: list[dict[str, Any]] = []
    count = 0
    with parquet.ParquetWriter(file, schema) as writer:
        def flush() -> None:
            writer.write_table(arrow.Table.from_pylist(batch, schema=schema))
            batch.clear()

        async for row in rows:
            *values, vector = row
            batch.append(dict(zip(names, values, strict=True))
                         | {request.column.name: None if vector is None else vector.to_list()})
            count = _counted(count, tell)
            if len(batch) == PARQUET_ROWS:
                flush()
        flush()
    return count


def _counted(count: int, tell: Tell) -> int:
    count += 1
    if count % TELL_EVERY == 0:
        tell(count)
    return count


_WRITERS = {"csv": _csv, "jsonl": _json_lines, "npy": _npy, "parquet": _parquet}
