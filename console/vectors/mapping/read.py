"""A sample of a column's vectors as a map: their places in the plane, what they could be coloured by, and outliers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from console.errors import ConsoleError, UsageError
from console.server import vector_sample
from console.server.keys import CTID
from console.server.nearest import select_item
from console.server.readonly import ReadStatement, trip
from console.server.session import PgSession
from console.sql.quoting import as_text, identifier
from console.vectors import read, values
from console.vectors.health.read import sample_of
from console.vectors.mapping.pca import project
from console.vectors.mapping.records import MappedRow, VectorMap
from console.vectors.records import SearchResult
from console.vectors.search import SearchableColumn, vector_of_row
from console.vectors.values import QueryVector

ROWS, LEAST_ROWS = 1000, 100
NUMBERS = 250_000
"""About so many numbers are projected, which takes about a second."""
MOST_DIMENSIONS = 16_000
MOST_COLUMNS, MOST_GROUPS, LABEL = 12, 5, 40
ON_PAGES = 5
"""Of the rows on the pages that are drawn, one in so many is taken."""


class MapRequest(Struct, frozen=True):
    """How many rows are drawn, by which seed; `near` is a search whose query and rows are placed too."""

    rows: int = ROWS
    seed: int = 0
    query: QueryVector | None = None
    result: SearchResult | None = None
    timeout_ms: int = 30_000


async def vector_map(session: PgSession, about: SearchableColumn, request: MapRequest) -> VectorMap:
    """Draws rows, and projects them in a thread. Raises ConsoleError."""
    column = about.column
    if column.relkind not in "rpm":
        raise UsageError(f"{column.table} is no table: a map is of tables and materialized views")
    if (column.dimensions or 0) > MOST_DIMENSIONS:
        raise UsageError(f"{column.label} has {column.dimensions} dimensions: a map is of at most {MOST_DIMENSIONS}")
    facts = await read.relation_facts(session, column.relation_oid, column.position)
    wanted = max(LEAST_ROWS, min(request.rows, NUMBERS // (column.dimensions or 400)))
    sampled = sample_of(column, facts, ON_PAGES * wanted, request.seed)
    key = about.key.parts if about.key else (CTID,)
    shown = [item for item in about.shown if item.sort not in ("vector", "bytea") and item.name != column.name
             and item.is_builtin][:MOST_COLUMNS]
    items = [as_text(identifier(part.name), is_builtin=part.is_builtin) for part in key]
    items += [select_item(item.name, "text" if item.sort == "text" else "other", LABEL) for item in shown]
    text = vector_sample.drawn(sampled, wanted, items)
    page = (await trip(session, [ReadStatement(text)], library=read.library(session),
                       timeout_ms=request.timeout_ms)).pages[0]
    found = [(row, _numbers(values.parse(row[2] or "", column.type_name))) for row in page.rows]
    size = Counter(len(numbers) for _, numbers in found).most_common(1)
    kept = [(row, numbers) for row, numbers in found if size and len(numbers) == size[0][0]]
    projection = await asyncio.to_thread(project, [numbers for _, numbers in kept])
    if projection is None:
        raise ConsoleError(f"{column.label}: there are too few vectors that differ for a map",
                           hint="at least three with a vector are needed")
    first = 3 + len(key)
    rows = tuple(MappedRow(place, ", ".join(text or "NULL" for text in row[3:first]), row[first:])
                 for (row, _), place in zip(kept, projection.places, strict=True))
    near = await _near(session, about, request)

    def placed(vector: QueryVector | None) -> tuple[float, float] | None:
        numbers = None if vector is None else _numbers(vector)
        return projection.place(numbers) if numbers and len(numbers) == len(projection.centre) else None

    return VectorMap(
        column, rows, tuple(item.name for item in shown), projection.explained,
        tuple((rows[number].key, deviations) for number, deviations in projection.outliers),
        placed(request.query), tuple((rank, place) for rank, vector in near if (place := placed(vector)) is not None),
        is_sampled=sampled.percent is not None or len(page.rows) == wanted, row_estimate=facts.row_estimate)


async def _near(session: PgSession, about: SearchableColumn, request: MapRequest) -> list[tuple[int, QueryVector]]:
    """The vectors of the rows that a search has found, by rank; of a row that is gone, none."""
    found = []
    for hit in request.result.hits[:9] if request.result is not None else ():
        if hit.key and all(part is not None for part in hit.key):
            try:
                found.append((hit.rank, await vector_of_row(session, about, [part or "" for part in hit.key])))
            except ConsoleError:
                continue
    return found


def _numbers(vector: QueryVector) -> list[float]:
    """All elements, also of a sparse vector and of bits."""
    if vector.type_name == "bit":
        return [float(bit) for bit in vector.text]
    if vector.type_name != "sparsevec":
        return [float(number) for number in vector.text[1:-1].split(",")]
    numbers = [0.0] * min(vector.dimensions, MOST_DIMENSIONS)
    for pair in filter(None, vector.text[1:vector.text.index("}")].split(",")):
        index, _, value = pair.partition(":")
        if int(index) <= len(numbers):
            numbers[int(index) - 1] = float(value)
    return numbers


def best_colour(rows: Sequence[MappedRow], columns: Sequence[str]) -> str | None:
    """The column that tells the rows apart best: a few values, none of them nearly all. None without one."""
    best: tuple[float, str] | None = None
    for place, name in enumerate(columns):
        counts = Counter(row.values[place] for row in rows)
        if 2 <= len(counts) <= 2 * MOST_GROUPS:
            largest = counts.most_common(1)[0][1] / len(rows)
            if largest < 0.95 and (best is None or largest < best[0]):
                best = largest, name
    return best[1] if best else None
