"""Vector searches, indexes, recall and reasons as rows of text and numbers. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from console.services import UNASSIGNED, Service, owner_of
from console.text.format import count, milliseconds, percent, size
from console.vectors.records import (
    ConcurrencyPoint,
    GroupRecall,
    IndexFacts,
    Neighbor,
    Point,
    Recommendation,
    SearchResult,
    VectorColumn,
)
from console.view.bars import bar

BAR_CELLS = 10
_INTEGERS, _FLOATS, _JSON, _BOOLEAN, _NUMERIC = {20, 21, 23, 26}, {700, 701}, {114, 3802}, 16, 1700


class ColumnGroup(Struct, frozen=True):
    """The vector columns of one service, partitions left out where their parent is listed."""

    service: str
    columns: tuple[VectorColumn, ...]


def grouped(columns: Sequence[VectorColumn], services: Sequence[Service]) -> tuple[ColumnGroup, ...]:
    """Vector columns by the service that owns their schema, those that nobody owns last."""
    groups: dict[str, list[VectorColumn]] = {}
    for column in columns:
        if not column.is_partition:
            owner = owner_of(column.schema, services)
            groups.setdefault(owner.name if owner else UNASSIGNED, []).append(column)
    return tuple(ColumnGroup(name, tuple(found))
                 for name, found in sorted(groups.items(), key=lambda pair: (pair[0] == UNASSIGNED, pair[0])))


def column_words(column: VectorColumn) -> str:
    """`vector(384), 12 480 rows`."""
    dimensions = f"({column.dimensions})" if column.dimensions else " without dimensions"
    return f"{column.type_name}{dimensions}, {count(column.row_estimate)} rows"


def result_header(result: SearchResult) -> tuple[str, ...]:
    return ("#", "distance", "similarity", *result.columns)


def result_row(result: SearchResult, hit: Neighbor) -> tuple[str, ...]:
    """Rank, distance, similarity as a bar with its share, and the values; NULL is ∅."""
    share = similarity(result, hit)
    likeness = "" if share is None else f"{bar(share, BAR_CELLS)} {share:.2f}"
    return (str(hit.rank), distance(hit.distance), likeness, *("∅" if value is None else value for value in hit.values))


def similarity(result: SearchResult, hit: Neighbor) -> float | None:
    """Metric.similarity of a hit; an inner product itself where all are those of vectors of unit length: the cosine."""
    if result.metric.name == "ip" and hit.distance is not None and all(
            neighbor.distance is not None and abs(neighbor.distance) <= 1.001 for neighbor in result.hits):
        return min(1.0, max(0.0, -hit.distance))
    return result.metric.similarity(hit.distance, result.dimensions)


def distance(value: float | None) -> str:
    return "∅" if value is None else f"{value:.6g}"


def timing(result: SearchResult) -> str:
    """`server 1.2 ms, transfer 0.42 ms`."""
    return f"server {milliseconds(result.server_ms)}, transfer " \
           f"{milliseconds(max(0.0, result.total_ms - result.server_ms))}"


def result_document(result: SearchResult) -> dict[str, Any]:
    """The result as `search --json` writes it."""
    return {
        "column": result.column.label, "metric": result.metric.name, "k": result.k, "rows": row_documents(result),
        "sql": result.sql, "index_used": result.index_used, "warnings": list(result.warnings),
        "server_ms": round(result.server_ms, 3), "total_ms": round(result.total_ms, 3),
        "settings": dict(result.settings), "by": result.by, "oversampling": result.oversampling}


def row_documents(result: SearchResult) -> list[dict[str, Any]]:
    """The rows in it. A key of one column is a value, of several an object."""
    oids = dict(zip(result.columns, result.type_oids, strict=True))
    rows = []
    for hit in result.hits:
        values = {name: json_value(text, oids[name])
                  for name, text in zip(result.columns, hit.values, strict=True)}
        if result.key_columns == ("ctid",):
            key: Any = hit.key[0]
        elif len(result.key_columns) == 1:
            key = values[result.key_columns[0]]
        else:
            key = {name: values[name] for name in result.key_columns} or None
        rows.append({"rank": hit.rank, "distance": _finite(hit.distance), "key": key, "row": values})
    return rows


def json_value(text: str | None, type_oid: int) -> Any:
    """A value as JSON has it: numbers, booleans and JSON as such, everything else as PostgreSQL's text."""
    if text is None:
        return None
    if type_oid == _BOOLEAN:
        return text == "t"
    if type_oid in _INTEGERS:
        return int(text)
    if type_oid in _FLOATS:
        return value if math.isfinite(value := float(text)) else text
    if type_oid == _NUMERIC and len(text) <= 15 and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    if type_oid in _JSON:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


class Moved(Struct, frozen=True):
    """A row of two searches: its key, its rank in each (None where it isn't found)."""

    key: tuple[str | None, ...]
    rank_a: int | None
    rank_b: int | None

    @property
    def words(self) -> str:
        if self.rank_a is None:
            return "new"
        if self.rank_b is None:
            return "gone"
        by = self.rank_a - self.rank_b
        return "same" if by == 0 else f"{'up' if by > 0 else 'down'} {abs(by)}"


def overlap(a: SearchResult, b: SearchResult) -> tuple[float | None, tuple[Moved, ...]]:
    """The share of both results' rows that they have in common (0 to 1, None when both are empty), and every row's
    ranks, in the order of B and then of A."""
    ranks_a = {hit.key: hit.rank for hit in a.hits}
    ranks_b = {hit.key: hit.rank for hit in b.hits}
    keys = [*ranks_b, *(key for key in ranks_a if key not in ranks_b)]
    most = max(len(ranks_a), len(ranks_b))
    share = len(ranks_a.keys() & ranks_b.keys()) / most if most else None
    return share, tuple(Moved(key, ranks_a.get(key), ranks_b.get(key)) for key in keys)


POINT_HEADER = ("setting", "recall", "±", "min", "p50 ms", "p95 ms", "p99 ms", "rows", "")


def point_row(point: Point, best: Sequence[Point], chosen: Point | None) -> tuple[str, ...]:
    """A point of a sweep; its last cell says exact, Pareto or recommended."""
    note = "exact: left the index" if point.is_exact else "recommended" if point == chosen else \
        "Pareto" if point in best else ""
    took = point.latency
    return (point.label, f"{point.recall_mean:.3f}", f"{point.confidence:.3f}", f"{point.recall_min:.2f}",
            f"{took.p50_ms:.2f}", f"{took.p95_ms:.2f}", f"{took.p99_ms:.2f}", f"{point.rows_mean:.1f}", note)


def point_document(point: Point) -> dict[str, Any]:
    took = point.latency
    return {
        "setting": point.setting, "recall_mean": _finite(point.recall_mean), "recall_min": _finite(point.recall_min),
        "p50_ms": _finite(took.p50_ms), "p95_ms": _finite(took.p95_ms), "p99_ms": _finite(took.p99_ms),
        "rows_mean": _finite(point.rows_mean), "index_used": point.index_used, "parameter": point.parameter,
        "iterative_scan": point.mode, "confidence": _finite(point.confidence),
        "below_target": _finite(point.below_target), "oversampling": point.oversampling,
        "p50_interval_ms": list(point.p50_interval) if point.p50_interval else None}


GROUP_HEADER = ("rows", "recall", "±", "worst", "rows back", "p50 ms", "p95 ms", "exact p50 ms", "index")


def group_row(each: GroupRecall) -> tuple[str, ...]:
    value = "NULL" if each.value is None else each.value
    point, exact = each.point, each.exact
    if point is None or exact is None:
        return (value, str(each.rows), each.why or "", *[""] * (len(GROUP_HEADER) - 2))
    return (value, str(each.rows), f"{point.recall_mean:.3f}", f"{point.confidence:.3f}", f"{point.recall_min:.3f}",
            f"{point.rows_mean:.1f}", f"{point.latency.p50_ms:.2f}", f"{point.latency.p95_ms:.2f}",
            f"{exact.p50_ms:.2f}", point.index_used or "exact")


def group_document(each: GroupRecall) -> dict[str, Any]:
    """{"value", "rows", "why", "exact_p50_ms"} and a point's members; those are absent where nothing was measured."""
    found: dict[str, Any] = {"value": each.value, "rows": each.rows, "why": each.why}
    if each.point is not None and each.exact is not None:
        found |= {"exact_p50_ms": _finite(each.exact.p50_ms), **point_document(each.point)}
    return found


LOAD_HEADER = ("clients", "searches/s", "p50 ms", "p95 ms", "p99 ms", "searches")


def load_row(point: ConcurrencyPoint) -> tuple[str, ...]:
    took = point.latency
    return (str(point.clients), f"{point.per_second:.0f}", f"{took.p50_ms:.2f}", f"{took.p95_ms:.2f}",
            f"{took.p99_ms:.2f}", str(point.queries))


def load_document(point: ConcurrencyPoint) -> dict[str, Any]:
    took = point.latency
    return {"clients": point.clients, "seconds": round(point.seconds, 3), "searches": point.queries,
            "searches_per_second": round(point.per_second, 1), "p50_ms": _finite(took.p50_ms),
            "p95_ms": _finite(took.p95_ms), "p99_ms": _finite(took.p99_ms)}


def recommendation_document(found: Recommendation) -> dict[str, Any]:
    return {"setting": found.point.setting if found.point else None,
            "iterative_scan": found.point.mode if found.point else None,
            "oversampling": found.point.oversampling if found.point else None,
            "summary": found.sentence, "sql": list(found.sql), "equal": [point.label for point in found.equal]}


def index_details(facts: IndexFacts) -> tuple[tuple[str, str], ...]:
    """Labels and values of an index."""
    index = facts.index
    built = facts.built_with
    rows = [
        ("type", index.method),
        ("serves", ", ".join(metric.title for metric in index.metrics) or ", ".join(index.operators)),
        ("operator class", index.operator_class), ("of", index.expression),
        ("options", ", ".join(index.options) or "default"),
        ("built with", ", ".join(f"{name} = {value}" for name, value in built.items()) if built else "unknown"),
        ("state", "valid" if index.is_valid else "INVALID: failed, cancelled, or being built"),
        ("size", size(index.size_bytes)), ("scans", count(index.scans)),
        ("tuples per page", "unknown" if index.tuples_per_page is None else f"{index.tuples_per_page:.1f}"),
        ("cached", "unknown" if facts.cached_share is None else percent(facts.cached_share * 100)),
    ]
    if index.predicate:
        rows.insert(4, ("only where", index.predicate))
    for name, (wanted, is_now) in facts.stale_options.items():
        rows.append(("needs REINDEX", f"{name} was set to {wanted}, the index was built with {is_now}"))
    if facts.why_not:
        rows.append(("unknown because", facts.why_not))
    return tuple(rows)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
