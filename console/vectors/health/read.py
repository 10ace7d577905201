"""Looks at a vector column: a row for each vector of some pages, neighbours of a few rows, pages of its indexes.

All of it is read-only, in transactions of their own, each statement with a limit; what takes too long or isn't allowed
is left out and named.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from console.errors import ConsoleError, TimedOut, UsageError
from console.server import effects, vector_sample
from console.server.nearest import Nearest
from console.server.readonly import ReadStatement, Wire, reading, trip
from console.server.session import PgSession
from console.server.vector_sample import IndexedPart, SampledColumn
from console.sql.quoting import identifier
from console.vectors import plan as plans
from console.vectors import read, values
from console.vectors.health.graph import elements
from console.vectors.health.norms import norms_of
from console.vectors.health.records import ColumnHealth, IndexGraph, IndexSight, Neighbours, Share
from console.vectors.health.shares import of_draws, share
from console.vectors.metrics import BY_NAME, Metric
from console.vectors.records import VectorColumn, VectorIndex, VectorRelationFacts
from console.vectors.search import SearchableColumn, default_metric, fitting, subject

SAMPLE_ROWS = 10_000
SAMPLE_BYTES = 64 * 1024 * 1024
"""At most about so much of vectors is read for a sample, and at least LEAST_ROWS."""
LEAST_ROWS = 500
NEIGHBOUR_QUERIES = 200
NEIGHBOURS_WITHIN_S = 5.0
NEARLY = 0.01
"""A cosine distance, or a share of all bits, up to which two vectors are nearly the same."""
INDEX_PAGES = 200


class HealthRequest(Struct, frozen=True):
    """How much to look at: `rows` of the column, `queries` searches for neighbours in `within_s` seconds (0: none)."""

    rows: int = SAMPLE_ROWS
    queries: int = NEIGHBOUR_QUERIES
    within_s: float = NEIGHBOURS_WITHIN_S
    seed: int = 0
    timeout_ms: int = 60_000

    def __post_init__(self) -> None:
        if self.rows < 1 or self.queries < 0:
            raise UsageError("at least one row has to be looked at, and neighbours of none or more")


class _Row(Struct, frozen=True):
    """A sampled vector; `seen` says for each index whether it holds the row. `norm` None: it is NULL."""

    page: str
    dimensions: int | None
    norm: float | None
    has_no_cosine: bool
    stored_bytes: int | None
    seen: tuple[bool, ...]


async def health(session: PgSession, column: VectorColumn, request: HealthRequest) -> ColumnHealth:
    """The column's health. Raises ConsoleError; UsageError where it is no table's."""
    if column.relkind not in "rpm":
        raise UsageError(f"{column.table} is no table: health is looked at in tables and materialized views")
    begun = time.monotonic()
    about = await subject(session, column)
    facts = await read.relation_facts(session, column.relation_oid, column.position)
    indexes = [index for index in read.serving(about.indexes, column) if index.is_usable]
    notes: list[str] = []
    if facts.has_row_security and not session.info.is_superuser:
        notes.append("row level security: only rows that this role may see were looked at")
    parts, whys = await _parts(session, column, indexes)
    sampled, rows = await _rows(session, column, facts, [parts[index.oid] for index in indexes if index.oid in parts],
                                request)
    is_sampled = sampled.percent is not None
    places = [index.oid for index in indexes if index.oid in parts]
    sights = [_sight(index, rows, places.index(index.oid), is_sampled=is_sampled) if index.oid in parts
              else IndexSight(index, None, why_not=whys[index.oid]) for index in indexes]
    neighbours = await _neighbours(session, about, sampled, rows, request, notes)
    graphs = await _graphs(session, indexes, request.seed, notes)
    filled = [row for row in rows if row.norm is not None]
    counts = Counter(row.dimensions for row in filled if row.dimensions is not None)

    def counted(flags: Sequence[bool]) -> Share:
        return share(zip((row.page for row in rows), flags, strict=True), is_sampled=is_sampled)

    sizes = [row.stored_bytes for row in filled if row.stored_bytes is not None]
    return ColumnHealth(
        column, len(rows), len({row.page for row in rows}), None if column.relkind == "p" else facts.heap_pages,
        is_sampled, facts.row_estimate,
        nulls=counted([row.norm is None for row in rows]), zeros=counted([row.norm == 0 for row in rows]),
        not_comparable=counted([row.has_no_cosine and row.norm != 0 for row in rows]),
        not_finite=counted([row.norm is not None and not row.norm < float("inf") for row in rows]),
        norms=norms_of([(row.page, row.norm) for row in filled if row.norm is not None], column.type_name,
                       is_sampled=is_sampled),
        dimensions=tuple(counts.most_common()), stored_bytes=sum(sizes) / len(sizes) if sizes else None,
        heap_pages=facts.heap_pages, toast_pages=facts.toast_pages, dead_rows=facts.dead_rows,
        live_rows=facts.live_rows, indexes=tuple(sights), neighbours=neighbours, graphs=tuple(graphs),
        notes=tuple(notes), took_s=time.monotonic() - begun)


def sample_of(column: VectorColumn, facts: VectorRelationFacts, rows: int, seed: int) -> SampledColumn:
    """About `rows` rows: random pages of a large table, all of one that has hardly more."""
    limit = rows if facts.average_bytes is None else max(
        LEAST_ROWS, min(rows, SAMPLE_BYTES // max(1, facts.average_bytes)))
    estimate = facts.row_estimate or facts.live_rows
    percent = None
    if estimate is not None and estimate > 1.2 * limit:
        percent = min(99.0, max(0.0001, 100.0 * limit / estimate))
    return _pages_of(column, percent, seed)


def _pages_of(column: VectorColumn, percent: float | None = None, seed: int = 0) -> SampledColumn:
    cosine = BY_NAME["cosine"]
    return SampledColumn(column.schema, column.relation, column.name, column.type_name, column.extension_schema,
                         column.operator(cosine) if column.type_name in cosine.types else None, percent, seed)


async def _rows(session: PgSession, column: VectorColumn, facts: VectorRelationFacts, parts: Sequence[IndexedPart],
                request: HealthRequest) -> tuple[SampledColumn, list[_Row]]:
    """The sample. Where statistics were wrong about how many rows there are, it is drawn again from fewer pages."""
    sampled = sample_of(column, facts, request.rows, request.seed)
    most = max(3 * request.rows, 1000)
    for _ in range(4):
        statement = ReadStatement(vector_sample.facts(sampled, parts, most))
        done = await trip(session, [statement], library=read.library(session), timeout_ms=request.timeout_ms)
        found = done.pages[0].rows
        if len(found) < most:
            break
        # cut off: what came first in the table isn't what is anywhere in it
        sampled = _pages_of(column, (sampled.percent or 100.0) / 10, request.seed)
    if not found and sampled.percent is not None:  # of few pages none may be drawn
        sampled = _pages_of(column)
        done = await trip(session, [ReadStatement(vector_sample.facts(sampled, parts, most))],
                          library=read.library(session), timeout_ms=request.timeout_ms)
        found = done.pages[0].rows
    return sampled, [_row(cells) for cells in found]


def _row(cells: Sequence[str | None]) -> _Row:
    page, dimensions, norm, has_no_cosine, stored, *seen = cells
    return _Row(page or "", None if dimensions is None else int(dimensions), None if norm is None else float(norm),
                has_no_cosine == "t", None if stored is None else int(stored), tuple(flag == "t" for flag in seen))


async def _parts(session: PgSession, column: VectorColumn, indexes: Sequence[VectorIndex]
                 ) -> tuple[dict[int, IndexedPart], dict[int, str]]:
    """What each index holds, by its oid; and of those whose functions would act, why they weren't asked."""
    parts, whys = {}, {}
    for index in indexes:
        type_name = index.operand_type.rpartition(".")[2]
        part = IndexedPart(index.expression, index.predicate, type_name,
                           drops_zeros=BY_NAME["cosine"].operator in index.operators and type_name != "bit")
        try:
            if index.predicate is not None or index.position is None:
                text = vector_sample.facts(_pages_of(column), [part], 1)
                await effects.refuse(session, text)
        except ConsoleError as error:
            whys[index.oid] = error.summary
        else:
            parts[index.oid] = part
    return parts, whys


def _sight(index: VectorIndex, rows: Sequence[_Row], place: int, *, is_sampled: bool) -> IndexSight:
    unseen = [row for row in rows if not row.seen[place]]
    nulls = sum(row.norm is None for row in unseen)
    zeros = sum(row.norm == 0 for row in unseen) if BY_NAME["cosine"].operator in index.operators else 0
    counted = share(((row.page, not row.seen[place]) for row in rows), is_sampled=is_sampled)
    return IndexSight(index, counted, nulls, zeros, len(unseen) - nulls - zeros)


async def _neighbours(session: PgSession, about: SearchableColumn, sampled: SampledColumn, rows: Sequence[_Row],
                      request: HealthRequest, notes: list[str]) -> Neighbours | None:
    """The nearest other row of some rows drawn at random, as many as the time allows."""
    column = about.column
    if column.dimensions is None:
        notes.append("duplicates were not looked for: the column has no dimensions, so not all of it can be compared")
        return None
    usable = sum(row.norm is not None and row.norm > 0 for row in rows)
    if not request.queries or request.within_s <= 0 or usable < 2:
        return None
    try:
        return await _searched(session, about, sampled, request)
    except ConsoleError as error:
        reason = f"one search takes more than {request.within_s:g} s" if isinstance(error, TimedOut) else error.summary
        notes.append(f"duplicates were not looked for: {reason}")
        return None


async def _searched(session: PgSession, about: SearchableColumn, sampled: SampledColumn, request: HealthRequest
                    ) -> Neighbours | None:
    column = about.column
    measure = BY_NAME["hamming" if column.type_name == "bit" else "cosine"]
    threshold = NEARLY * (column.dimensions or 1) if column.type_name == "bit" else NEARLY
    statement = _nearest(about, measure)
    found: list[tuple[bool, bool]] = []
    used: str | None = None
    ends_s = time.monotonic() + request.within_s
    async with reading(session, library=read.library(session), timeout_ms=round(request.within_s * 1000)) as lead:
        drawn, _ = await lead.fetch(ReadStatement(vector_sample.drawn(sampled, request.queries)))
        for tableoid, ctid, text in drawn.rows:
            vector = values.parse(text or "", column.type_name)
            if vector.norm == 0:
                continue
            params = (Wire(vector.wire),)
            if not found:
                plan, _ = await lead.fetch(ReadStatement(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}", params))
                used = plans.index_used(plans.document(plan.rows[0][0]), about.index_names)
            try:
                page, _ = await lead.fetch(ReadStatement(statement, params))
            except TimedOut:
                break
            others = [row for row in page.rows if (row[0], row[1]) != (tableoid, ctid)]
            found.append((any(row[2] == "t" for row in others),
                          any(row[3] is not None and float(row[3]) <= threshold for row in others)))
            if time.monotonic() >= ends_s:
                break
    if not found:
        return None
    return Neighbours(of_draws(sum(same for same, _ in found), len(found)),
                      of_draws(sum(near for _, near in found), len(found)), measure, threshold, used)


def _nearest(about: SearchableColumn, measure: Metric) -> str:
    """The three rows nearest to $1, the row itself among them: whether it is the same, and how far by `measure`."""
    column, metric = about.column, default_metric(about)
    name, type_sql = identifier(column.name), column.type_sql()
    index = fitting(about, metric)
    operand, vector, kind = name, "$1", type_sql
    if index is not None and index.position is None:  # of a cast to half precision
        operand, vector, kind = index.expression, f"$1::{type_sql}", column.type_sql("halfvec")
    columns = ("tableoid", "ctid", vector_sample.is_equal(column.name, column.type_name, column.extension_schema,
                                                          f"$1::{type_sql}"),
               f"{name} {column.operator(measure)} $1::{type_sql}")
    return Nearest(column.schema, column.relation, operand, column.operator(metric), kind, columns, 3).text(vector)


async def _graphs(session: PgSession, indexes: Sequence[VectorIndex], seed: int, notes: list[str]) -> list[IndexGraph]:
    """What pages of the hnsw indexes hold, where pageinspect and the role allow it."""
    wanted = [index for index in indexes if index.method == "hnsw" and not index.is_partitioned]
    if not wanted:
        return []
    extension = session.info.extensions.get("pageinspect")
    if extension is None:
        notes.append("dead elements in the graph are unknown: CREATE EXTENSION pageinspect (a superuser's) shows them")
        return []
    found = []
    for index in wanted:
        pages = (index.size_bytes or 0) // 8192
        chosen = sorted(random.Random(seed).sample(range(1, pages), min(INDEX_PAGES, pages - 1))) if pages > 1 else []
        try:
            done = await trip(session, [ReadStatement(
                vector_sample.index_pages(extension.schema), (index.sql_name, ",".join(map(str, chosen))))])
        except ConsoleError as error:
            notes.append(f"dead elements in {index.name} are unknown: {error.summary}")
            continue
        counts = [(str(place), pair) for place, (page,) in enumerate(done.pages[0].rows)
                  if page and (pair := elements(page)) is not None]
        flags = [(page, number < dead) for page, (every, dead) in counts for number in range(every)]
        found.append(IndexGraph(index.name, index.sql_name, share(flags, is_sampled=len(chosen) < pages - 1),
                           len(counts), pages))
    return found
