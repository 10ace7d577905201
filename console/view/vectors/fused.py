"""A hybrid search as rows of text: both ranks beside the fused order. Pure."""

from __future__ import annotations

from typing import Any

from console.text.format import milliseconds
from console.vectors.records import FusedRow, HybridResult
from console.view.vectors.findings import distance, json_value


def header(result: HybridResult) -> tuple[str, ...]:
    return ("#", "fused", "vector #", "distance", "text #", "text score", *result.columns)


def row(found: FusedRow) -> tuple[str, ...]:
    """A rank that a leg hasn't is a dash; NULL is ∅."""
    def rank(number: int | None) -> str:
        return "-" if number is None else str(number)

    return (str(found.rank), f"{found.score:.5f}", rank(found.vector_rank),
            "-" if found.vector_rank is None else distance(found.distance), rank(found.text_rank),
            "-" if found.text_score is None else f"{found.text_score:.3g}",
            *("∅" if value is None else value for value in found.values))


def summary(result: HybridResult) -> str:
    """How many rows, and by which index each leg went."""
    vector = f"index {result.vector_index}" if result.vector_index else "exact"
    words = f"index {result.text_index}" if result.text_index else "no index"
    return (f"{len(result.rows)} of {result.k} rows, vector: {result.metric.title}, {vector}; text: {words}; "
            f"server {milliseconds(result.server_ms)}")


def document(result: HybridResult) -> dict[str, Any]:
    """The result as `search --hybrid --json` writes it: ranks and distance are null where a leg hasn't the row."""
    oids = dict(zip(result.columns, result.type_oids, strict=True))
    rows = []
    for found in result.rows:
        values = {name: json_value(text, oids[name])
                  for name, text in zip(result.columns, found.values, strict=True)}
        key = {name: values[name] for name in result.key_columns}
        rows.append({
            "rank": found.rank, "score": found.score, "vector_rank": found.vector_rank, "distance": found.distance,
            "text_rank": found.text_rank, "text_score": found.text_score,
            "key": next(iter(key.values())) if len(key) == 1 else key, "row": values})
    return {
        "column": result.column.label, "metric": result.metric.name, "k": result.k, "rows": rows, "sql": result.sql,
        "index_used": result.vector_index, "text_index_used": result.text_index, "warnings": list(result.warnings),
        "server_ms": round(result.server_ms, 3), "total_ms": round(result.total_ms, 3),
        "settings": dict(result.settings)}
