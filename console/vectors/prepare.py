"""What is known before an index is built, and what can be said about a column that has some or none."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.errors import ConsoleError
from console.server.effects import refuse
from console.server.preamble import SHOWN
from console.server.readonly import ReadStatement, explain, trip
from console.server.session import PgSession
from console.sql.quoting import identifier
from console.text import format as fmt
from console.text import parse
from console.vectors import ddl, read
from console.vectors import plan as plans
from console.vectors.advice import (
    INDEXED_MOST,
    PAGE_BYTES,
    BuildAdvice,
    advise,
    hnsw_bytes_per_row,
    value_bytes,
    version_warnings,
)
from console.vectors.ddl import BuildSettings, Design
from console.vectors.metrics import BY_NAME, Metric
from console.vectors.records import VectorColumn, VectorIndex, VectorRelationFacts

INLINE_BYTES = 2000
"""About so large a value is moved out of its row (TOAST_TUPLE_TARGET)."""


class BuildFacts(Struct, frozen=True):
    """What a build depends on. `rows` that would be indexed, None where the table was never analyzed."""

    relation: VectorRelationFacts
    rows: float | None
    maintenance_work_mem_bytes: int
    max_parallel_workers: int
    indexes: tuple[VectorIndex, ...]


async def build_facts(session: PgSession, column: VectorColumn, where: str | None = None) -> BuildFacts:
    """Raises ConsoleError, also for a `where` that the server refuses."""
    relation = await read.relation_facts(session, column.relation_oid, column.position)
    found = await read.settings(session)
    indexes = await read.indexes(session, column.relation_oid)
    rows = relation.row_estimate if relation.row_estimate is not None else relation.live_rows
    if where is not None:
        statement = f"SELECT FROM {column.table} WHERE ({where}\n)"
        await refuse(session, statement, is_run=False)
        done = await trip(session, [ReadStatement(explain(statement))], pinned=SHOWN)
        rows = plans.document(done.pages[0].rows[0][0]).root.plan_rows
    if rows is not None:
        rows *= 1 - (relation.null_fraction or 0.0)
    return BuildFacts(relation, rows, int(found["maintenance_work_mem"].setting) * 1024,
                      int(found["max_parallel_maintenance_workers"].setting), tuple(indexes))


def memory_bytes(text: str) -> int | None:
    """`2GB` as PostgreSQL reads a memory setting: a bare number is in kB. None for what is none."""
    found = parse.size(text, bare="kB")
    return None if found is None else round(found)


def build_advice(design: Design, facts: BuildFacts, settings: BuildSettings) -> BuildAdvice:
    """Sizes, memory and workers of a build by the settings that it would have. Pure."""
    column = design.column
    dimensions = column.dimensions or 1
    if design.kind == "sparsevec":  # what counts are the values that aren't zero
        dimensions = max(1, ((facts.relation.average_bytes or 96) - 16) // 8)
    memory = memory_bytes(settings.maintenance_work_mem or "") or facts.maintenance_work_mem_bytes
    workers = settings.max_parallel_maintenance_workers
    return advise(
        design.method, design.kind, dimensions, facts.rows or 0.0, table=column.table, operand=design.operand,
        operator_class=design.operator_class, maintenance_work_mem_bytes=memory,
        max_parallel_workers=facts.max_parallel_workers if workers is None else workers,
        heap_bytes=facts.relation.heap_pages * PAGE_BYTES, toast_bytes=facts.relation.toast_pages * PAGE_BYTES,
        table_parallel_workers=facts.relation.parallel_workers,
        m=design.options.get("m", 16), ef_construction=design.options.get("ef_construction", 64),
        lists=design.options.get("lists"))


class SuggestedSql(Struct, frozen=True):
    """A sentence, and the SQL that does what it says; "" where there is nothing to run."""

    sentence: str
    sql: str = ""


def column_advice(column: VectorColumn, indexes: Sequence[VectorIndex], facts: VectorRelationFacts, metric: Metric,
                  ) -> tuple[SuggestedSql, ...]:
    """What another type, another index or another storage would do for the column. Pure."""
    found: list[SuggestedSql] = []
    dimensions, name = column.dimensions, identifier(column.name)
    if dimensions is None:
        if column.type_name == "sparsevec":
            return ()
        return (SuggestedSql(f"{column.label} has no dimensions: it can have no index, and takes vectors of any length",
                       f"ALTER TABLE {column.table} ALTER {name} TYPE {column.type_sql()}(n)"),)
    most = INDEXED_MOST[column.type_name]
    can_halve = column.type_name == "vector" and dimensions <= INDEXED_MOST["halfvec"]
    if column.relkind in "rm":
        if column.type_name != "sparsevec" and dimensions > most:
            sentence = f"{dimensions} dimensions are more than an index of {column.type_name} takes ({most})"
            if can_halve:
                found.append(SuggestedSql(f"{sentence}: as halfvec it takes 4 000",
                                    _create(Design(column, metric, half=True))))
            elif column.type_name in ("vector", "halfvec"):
                found.append(SuggestedSql(f"{sentence}: its bits take 64 000, the rows found are ranked again",
                                    _create(Design(column, BY_NAME["hamming"], bits=True))))
        elif column.type_name == "vector" and not any(index.operand_type.endswith("halfvec") for index in indexes):
            whole, half = (hnsw_bytes_per_row(kind, dimensions) for kind in ("vector", "halfvec"))
            if whole >= 4096:
                two = " (two pages a row)" if whole > PAGE_BYTES else " (a page a row)" if whole == PAGE_BYTES else ""
                found.append(SuggestedSql(
                    f"an hnsw index takes {fmt.size(whole)} a row{two}, of halfvec {fmt.size(half)}, at nearly the "
                    "same recall: order by the cast then", _create(Design(column, metric, half=True))))
        if column.type_name in ("vector", "halfvec") and 512 <= dimensions <= most and facts.row_estimate \
                and facts.row_estimate >= 1_000_000:
            found.append(SuggestedSql(
                f"an index of its bits takes {fmt.size(hnsw_bytes_per_row('bit', dimensions))} a row, searched wide "
                "and ranked again by the vectors", ddl.reranked(column, metric)))
    stored = value_bytes(column.type_name, dimensions) if column.type_name != "sparsevec" else 0
    if INLINE_BYTES < stored < PAGE_BYTES - 300 and column.storage != "p" and column.relkind in "rpm":
        found.append(SuggestedSql(
            f"vectors of {fmt.size(stored)} are stored apart (TOAST), which the planner doesn't count when it weighs "
            "an exact search", f"ALTER TABLE {column.table} ALTER {name} SET STORAGE PLAIN  -- then rewrite the table"))
    if facts.null_fraction:
        null = fmt.share(facts.null_fraction)
        found.append(SuggestedSql(f"{null} of the vectors are NULL: no index holds those rows"))
    return tuple(found)


def _create(design: Design) -> str:
    try:
        return ddl.create(design).sql
    except ConsoleError as error:
        return f"-- {error.summary}"


def version_advice(session: PgSession) -> tuple[SuggestedSql, ...]:
    """What the installed pgvector lacks."""
    extension = session.info.extensions.get("vector")
    if extension is None:
        return ()
    sql = "ALTER EXTENSION vector UPDATE"
    return tuple(SuggestedSql(f"pgvector {extension.version}: {words}" if "ALTER" not in words else words, sql)
                 for words in version_warnings(extension.version, extension.available_version))
