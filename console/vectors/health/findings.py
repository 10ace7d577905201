"""From what was seen of a column to what a person should know, the worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from console.sql.quoting import identifier
from console.text import format as fmt
from console.vectors.health.records import ColumnHealth, HealthFinding, IndexSight, Share
from console.vectors.metrics import BY_NAME

UNSEEN, DEAD, ALIKE, GRAPH_DEAD = 0.05, 0.1, 0.05, 0.2
"""From which share on something is a warning."""
_ORDER = ("critical", "warning", "info")


def findings(health: ColumnHealth) -> list[HealthFinding]:
    """What there is to know about the column, most severe first; none where all is well."""
    rules = (_not_finite, _unseen, _zeros, _not_comparable, _dimensions, _norms, _duplicates, _dead, _graph, _nulls,
             _storage)
    found = [finding for rule in rules for finding in rule(health)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def unseen_share(health: ColumnHealth) -> tuple[IndexSight, Share] | None:
    """The index without a condition that lacks the largest share of the rows; a partial one lacks them by design."""
    known = [(sight, sight.unseen) for sight in health.indexes
             if sight.unseen is not None and sight.index.predicate is None]
    return max(known, key=lambda pair: pair[1].value, default=None)


def _not_finite(health: ColumnHealth) -> Iterator[HealthFinding]:
    if health.not_finite.count:
        yield HealthFinding("not finite", "critical", f"{health.not_finite.words} of the vectors hold NaN or "
                            "infinity, which pgvector refuses on every way in: the data is damaged",
                            "restore those rows; the server's log and its disks say more")


def _unseen(health: ColumnHealth) -> Iterator[HealthFinding]:
    for sight in health.indexes:
        share = sight.unseen
        if share is None or not share.count:
            continue
        parts = [f"{fmt.count(number)} {words}" for number, words in (
            (sight.nulls, "NULL"), (sight.zeros, "zero vectors, which have no direction"),
            (sight.excluded, "left out by its condition")) if number]
        severity = "warning" if sight.index.predicate is None and share.value > UNSEEN else "info"
        yield HealthFinding("unseen", severity, f"no search through {sight.index.name} finds {share.words} of the "
                            f"rows: of {fmt.count(share.rows)} looked at {', '.join(parts)}",
                            _unseen_fix(health, sight))


def _unseen_fix(health: ColumnHealth, sight: IndexSight) -> str | None:
    if sight.excluded:
        return f"repeat its condition in searches that it is for: WHERE {sight.index.predicate}"
    if sight.nulls:
        return f"fill them: SELECT * FROM {health.column.table} WHERE {identifier(health.column.name)} IS NULL"
    return None


def _zeros(health: ColumnHealth) -> Iterator[HealthFinding]:
    if health.zeros.count and health.column.type_name != "bit":
        yield HealthFinding("zeros", "warning", f"{health.zeros.words} of the rows are zero in every dimension: "
                            "their cosine distance to anything is NaN, and an exact search sorts them last",
                            "an embedder that failed often leaves them: set them to NULL, or embed them again")


def _not_comparable(health: ColumnHealth) -> Iterator[HealthFinding]:
    if health.not_comparable.count:
        yield HealthFinding("not comparable", "warning", f"{health.not_comparable.words} of the rows aren't zero "
                            "and have no cosine distance all the same: their numbers are too large or too small to be "
                            "squared in single precision", "normalise them: l2_normalize")


def _dimensions(health: ColumnHealth) -> Iterator[HealthFinding]:
    column = health.column
    if column.dimensions is not None:
        return
    if len(health.dimensions) > 1:
        listed = ", ".join(f"{count_words(number)} of {size}" for size, number in health.dimensions[:4])
        size = health.dimensions[0][0]
        severity = "info" if health.indexes else "warning"
        yield HealthFinding("dimensions", severity, f"the dimensions are mixed: {listed}; vectors of different "
                            "dimensions can't be compared, and no index holds them together",
                            _partial_index(health, size))
    elif health.dimensions:
        size = health.dimensions[0][0]
        yield HealthFinding("dimensions", "info", f"the column has no dimensions, so no index can be built on it; all "
                            f"that were looked at have {size}",
                            f"ALTER TABLE {column.table} ALTER COLUMN {identifier(column.name)} TYPE "
                            f"{column.type_sql()}({size})")


def _partial_index(health: ColumnHealth, size: int) -> str | None:
    column = health.column
    if column.type_name not in ("vector", "halfvec"):
        return None
    name = identifier(column.name)
    dims = identifier(column.extension_schema, "vector_dims")
    return (f"CREATE INDEX CONCURRENTLY ON {column.table} USING hnsw (({name}::{column.type_sql()}({size})) "
            f"{identifier(column.extension_schema, column.type_name + '_cosine_ops')}) WHERE {dims}({name}) = {size}")


def count_words(number: int) -> str:
    return f"{fmt.count(number)} {'vector' if number == 1 else 'vectors'}"


def _norms(health: ColumnHealth) -> Iterator[HealthFinding]:
    norms = health.norms
    if norms is None or not norms.not_unit.count:
        return
    by_product = [sight.index.name for sight in health.indexes if BY_NAME["ip"] in sight.index.metrics]
    if by_product:
        yield HealthFinding("norms", "warning", f"{norms.not_unit.words} of the vectors aren't of length 1, and "
                            f"{by_product[0]} ranks by inner product: the longer one wins over the one that is nearer",
                            "normalise them (l2_normalize), or search by cosine")


def _duplicates(health: ColumnHealth) -> Iterator[HealthFinding]:
    found = health.neighbours
    if found is None or not found.near.count:
        return
    least = "at least " if found.index_used else ""
    unit = "different bits" if found.metric.name == "hamming" else f"{found.metric.title} distance"
    severity = "warning" if found.near.value > ALIKE else "info"
    yield HealthFinding("duplicates", severity, f"{least}{found.identical.words} of the rows have an identical "
                        f"vector elsewhere, {found.near.words} one within {fmt.number(found.threshold)} "
                        f"({unit}): results repeat themselves",
                        "remove the copies, or DISTINCT ON outside of the search")


def _dead(health: ColumnHealth) -> Iterator[HealthFinding]:
    share = health.dead_share
    if share is not None and share > DEAD and health.indexes:
        yield HealthFinding("dead", "warning", f"{fmt.count(health.dead_rows)} dead rows ({fmt.share(share)}) wait for "
                            "VACUUM: each takes the place of a candidate in the index", f"VACUUM {health.column.table}")


def _graph(health: ColumnHealth) -> Iterator[HealthFinding]:
    for graph in health.graphs:
        if graph.dead.value > GRAPH_DEAD:
            yield HealthFinding("graph", "info", f"{graph.dead.words} of the places in {graph.index} are of rows "
                                "that are gone; new rows fill them, until then the index is larger than it need be",
                                f"REINDEX INDEX CONCURRENTLY {graph.sql_name}")


def _nulls(health: ColumnHealth) -> Iterator[HealthFinding]:
    if health.nulls.count and not any(sight.unseen and sight.nulls for sight in health.indexes):
        yield HealthFinding("nulls", "info", f"{health.nulls.words} of the rows have no vector (NULL)")


def _storage(health: ColumnHealth) -> Iterator[HealthFinding]:
    column = health.column
    if column.storage in ("extended", "main") and column.type_name != "bit" and (health.stored_bytes or 0) > 2000:
        yield HealthFinding("storage", "info", f"storage is {column.storage}: the server tries to compress each "
                            "vector, mostly in vain",
                            f"ALTER TABLE {column.table} ALTER COLUMN {identifier(column.name)} SET STORAGE EXTERNAL, "
                            "for rows that are written from then on")
