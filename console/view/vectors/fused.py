"""A hybrid search as rows of text: both ranks beside the fused order. Pure."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console.text import format as fmt
from console.text.format import milliseconds
from console.vectors.records import FusedRow, HybridResult
from console.view.table import Cell, Column, Line, Row, Table, Tone
from console.view.vectors.findings import distance, json_value
from console.view.vectors.search import row_key, value_cells, value_columns


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


def verdict(result: HybridResult) -> Line:
    """How many rows, which leg found them, and by which index each leg went."""
    both = sum(row.vector_rank is not None and row.text_rank is not None for row in result.rows)
    only_words = sum(row.vector_rank is None for row in result.rows)
    count = f"{fmt.count(len(result.rows))} of {fmt.count(result.k)} rows in {milliseconds(result.server_ms)}"
    tone: Tone = "strong" if len(result.rows) == result.k else "warning"
    legs = [(f"vector through {result.vector_index}" if result.vector_index else "vector exactly", result.vector_index),
            (f"words through {result.text_index}" if result.text_index else "words in every row", result.text_index)]
    found: list[tuple[str, Tone]] = [
        (count, tone), (f": {both} by both, {only_words} by words alone, "
                        f"{len(result.rows) - both - only_words} by the vector alone", "")]
    for words, index in legs:
        found += [(" · ", "dim"), (words, "ok" if index else "warning")]
    return tuple(found)


def table(result: HybridResult) -> Table:
    """The fused order with both ranks beside it; a row's record is its FusedRow."""
    columns = (Column("rank", "#", "right", fixed=True, minimum=2), Column("fused", "fused", "right", minimum=7),
               Column("by", "found by", minimum=8, priority=1),
               Column("vector_rank", "vector #", "right", minimum=8), Column("distance", "distance", "right",
                                                                             minimum=8, priority=2),
               Column("text_rank", "words #", "right", minimum=7), Column("text_score", "score", "right", minimum=6,
                                                                          priority=2),
               *(column for _, column in _shown(result)))
    return Table(columns, tuple(_row(result, found) for found in result.rows), "no row was found")


def _shown(result: HybridResult) -> list[tuple[int, Column]]:
    """The places of the values and their columns: what was written first, what a row is found by last."""
    keys = set(result.key_columns)
    places = sorted(range(len(result.columns)), key=lambda place: result.columns[place] in keys)
    columns = value_columns(result)
    return [(place, replace(columns[place], fixed=False, minimum=4 if number else 44, maximum=20 if number else 90,
                            flexible=not number)) for number, place in enumerate(places)]


def _row(result: HybridResult, found: FusedRow) -> Row:
    is_both = found.vector_rank is not None and found.text_rank is not None
    by = "both" if is_both else "words" if found.vector_rank is None else "vector"
    texts = row(found)
    values = value_cells(found.values, result.type_oids)
    cells = (Cell(texts[0], "dim", found.rank), Cell(texts[1], "accent", found.score),
             Cell(by, "ok" if is_both else "dim"), _rank_cell(texts[2], found.vector_rank),
             Cell(texts[3], "dim", found.distance), _rank_cell(texts[4], found.text_rank),
             Cell(texts[5], "dim", found.text_score), *(values[place] for place, _ in _shown(result)))
    return Row(row_key(found), cells, record=found)


def _rank_cell(words: str, rank: int | None) -> Cell:
    return Cell(words, "faint" if rank is None else "strong" if rank <= 3 else "", rank)


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
