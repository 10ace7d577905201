"""A vector search on a screen: the verdict, what is to be known about it, its rows, and two of them side by side. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.services import Service
from console.text import format as fmt
from console.vectors.records import FusedRow, HybridResult, Neighbor, SearchResult, VectorColumn, VectorIndex
from console.view.bars import bar
from console.view.table import Cell, Column, Line, Row, Table, Tone
from console.view.vectors import findings

BAR_CELLS = 10
_NUMERIC_OIDS = {20, 21, 23, 26, 700, 701, 1700}

CHOOSING = (
    Column("service", "service", maximum=24, priority=1),
    Column("column", "column", fixed=True, flexible=True, minimum=24, maximum=80),
    Column("type", "type", maximum=18),
    Column("rows", "rows", "right", maximum=12),
)


def columns_table(columns: Sequence[VectorColumn], services: Sequence[Service], empty: str) -> Table:
    """Every vector column by service, to choose from; a row's record is the column."""
    rows = []
    for group in findings.grouped(columns, services):
        for column in group.columns:
            kind = f"{column.type_name}({column.dimensions})" if column.dimensions else f"{column.type_name}, no dim."
            tone: Tone = "" if column.is_readable else "faint"
            rows.append(Row(column.label, (
                Cell(group.service, "dim"),
                Cell(column.label if column.is_readable else f"{column.label} (no right)", tone),
                Cell(kind, tone), Cell(fmt.count(column.row_estimate), tone, column.row_estimate)),
                search=column.comment or "", record=column))
    return Table(CHOOSING, tuple(rows), empty)


def verdict(result: SearchResult, indexes: Sequence[VectorIndex], ef_search: str | None, probes: str | None) -> Line:
    """The answer in a line: how many rows, in what time, through which index at which setting; loud when too few."""
    count = len(result.hits)
    rows = f"{fmt.count(count)} of {fmt.count(result.k)} rows"
    took = fmt.milliseconds(result.server_ms)  # the way and the drawing are told beside it
    if result.plan is None and not result.warnings:
        return ((f"{rows} in {took}", "strong"), (" · reading the plan…", "dim"))
    way = _way(result, indexes, ef_search, probes)
    if count < result.k:
        words = result.reasons[0].sentence if result.reasons else \
            result.warnings[0].partition(": ")[2] if result.warnings else ""
        loud: Tone = "critical" if result.index_used is not None else "warning"  # an exact search leaves nothing out
        return ((f"ONLY {rows}" if count else f"NO ROWS, {fmt.count(result.k)} asked for", loud),
                (f": {words}" if words else "", loud), (f" · {took} {way}", "dim"))
    is_choice = result.verdict is not None and result.verdict.outcome == "cost"
    tone: Tone = "warning" if result.index_used is None and result.warnings and not is_choice else "strong"
    return ((f"{rows} in {took}", "strong"), (f" {way}", tone))


def _way(result: SearchResult, indexes: Sequence[VectorIndex], ef_search: str | None, probes: str | None) -> str:
    if result.index_used is None:
        return "by an exact search" if result.plan is not None else ""
    index = next((vector_index for vector_index in indexes if vector_index.name == result.index_used), None)
    if index is None:
        return f"through {result.index_used}"
    setting = {"hnsw": ("ef_search", ef_search), "ivfflat": ("probes", probes)}.get(index.method)
    at = f", {setting[0]} {setting[1]}" if setting and setting[1] else ""
    return f"through {index.name} ({index.method}{at})"


def timing(result: SearchResult, render_ms: float | None) -> str:
    """`server 1.2 ms · transfer 0.4 ms · render 2.1 ms`."""
    parts = [f"server {fmt.milliseconds(result.server_ms)}",
             f"transfer {fmt.milliseconds(max(0.0, result.total_ms - result.server_ms))}"]
    if render_ms is not None:
        parts.append(f"render {fmt.milliseconds(render_ms)}")
    return " · ".join(parts)


def candidates(result: SearchResult) -> str:
    """`the index gave 40 candidates, the filter rejected 39`; empty where it wasn't counted."""
    found = result.candidates
    if found is None:
        return ""
    told = f"the index gave {fmt.plural(found.given, 'candidate')}"
    return told + (f", the filter rejected {fmt.count(found.rejected)}" if found.rejected else ", none was rejected")


def notes(result: SearchResult) -> list[tuple[str, Tone]]:
    """What a person should know besides the verdict, as paragraphs; how it is mended is told by what was tried."""
    found: list[tuple[str, Tone]] = []
    lacking = len(result.hits) < result.k
    told = {result.warnings[0]} if lacking and result.warnings else set()
    if lacking and result.reasons:
        told.add(result.reasons[0].sentence)  # the verdict says it
    for words in result.warnings:
        if words in told:
            continue
        verdict = result.verdict
        is_choice = verdict is not None and verdict.outcome == "cost" and bool(verdict.reasons) \
            and words.endswith(verdict.sentence)
        if verdict is not None and is_choice:  # nothing is wrong: the Plan tab says how it would be otherwise
            words = f"exact by the planner's choice: {verdict.reasons[0].sentence}"
        found.append((words, "" if is_choice else "warning"))
    return found


def results_table(result: SearchResult, empty: str = "") -> Table:
    """Rank, distance, similarity as a bar, the key and the shown columns; a row's record is its hit."""
    return Table(_columns(result), tuple(_row(result, hit) for hit in result.hits), empty)


def _columns(result: SearchResult) -> tuple[Column, ...]:
    return (Column("rank", "#", "right", fixed=True, minimum=2),
            Column("distance", "distance", "right", fixed=True, minimum=8),
            Column("similarity", "similarity", fixed=True, minimum=BAR_CELLS + 5, maximum=BAR_CELLS + 5, priority=1),
            *value_columns(result))


def value_columns(result: SearchResult | HybridResult) -> list[Column]:
    """The columns that a result shows, numbers to the right."""
    last = len(result.columns) - 1
    return [Column(f"{place}", name, "right" if oid in _NUMERIC_OIDS else "left", fixed=name in result.key_columns,
                   flexible=place == last, minimum=4, maximum=80 if place == last else 40)
            for place, (name, oid) in enumerate(zip(result.columns, result.type_oids, strict=True))]


def _row(result: SearchResult, hit: Neighbor) -> Row:
    cells = (Cell(str(hit.rank), "dim", hit.rank), distance_cell(hit.distance),
             similarity_cell(findings.similarity(result, hit)), *value_cells(hit.values, result.type_oids))
    return Row(row_key(hit), cells, record=hit)


def row_key(hit: Neighbor | FusedRow) -> str:
    """What finds the row again in the next search."""
    return "\0".join(text or "" for text in hit.key) or str(hit.rank)


def distance_cell(distance: float | None) -> Cell:
    return Cell(findings.distance(distance), "warning" if distance is None or distance != distance else "", distance)


def similarity_cell(share: float | None) -> Cell:
    if share is None:
        return Cell("-", "faint")
    return Cell(f"{bar(share, BAR_CELLS)} {share:.2f}", "accent", share)


def value_cells(values: Sequence[str | None], type_oids: Sequence[int]) -> list[Cell]:
    """A row's values as cells."""
    cells = []
    for value, oid in zip(values, type_oids, strict=True):
        if value is None:
            cells.append(Cell("NULL", "faint"))
        elif oid in _NUMERIC_OIDS:
            cells.append(Cell(value, "", _number(value)))
        else:
            cells.append(Cell(value))
    return cells


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def comparison_line(a: SearchResult, b: SearchResult, setting_a: str, setting_b: str) -> Line:
    """A against B in a line: what they have in common, how long each took, and the settings that differ."""
    share, moved = findings.overlap(a, b)
    same = "nothing to compare" if share is None else f"{fmt.percent(round(share * 100))} of the rows in common"
    shifted = sum(item.rank_a is not None and item.rank_b is not None and item.rank_a != item.rank_b for item in moved)
    return ((f"{same}, {fmt.plural(shifted, 'rank')} moved   ", "strong"),
            ("A ", "accent"), (f"{setting_a}: {len(a.hits)} rows, {fmt.milliseconds(a.server_ms)}   ", ""),
            ("B ", "accent"), (f"{setting_b}: {len(b.hits)} rows, {fmt.milliseconds(b.server_ms)}", ""))


_TONES: Mapping[str, Tone] = {"same": "dim", "new": "ok", "gone": "critical"}


def comparison_table(a: SearchResult, b: SearchResult) -> Table:
    """Both results by row: its rank and distance in each, and how it moved from A to B."""
    by_key_a, by_key_b = {neighbor.key: neighbor for neighbor in a.hits}, {neighbor.key: neighbor
                                                                           for neighbor in b.hits}
    _, moved = findings.overlap(a, b)
    rows = []
    for found in moved:
        in_a, in_b = by_key_a.get(found.key), by_key_b.get(found.key)
        result, hit = (b, in_b) if in_b is not None else (a, in_a)
        assert hit is not None
        cells = (Cell("-" if found.rank_a is None else str(found.rank_a), "dim", found.rank_a),
                 Cell("-" if found.rank_b is None else str(found.rank_b), "", found.rank_b),
                 Cell(found.words, _TONES.get(found.words, "warning")),
                 distance_cell(in_a.distance) if in_a else Cell("-", "faint"),
                 distance_cell(in_b.distance) if in_b else Cell("-", "faint"),
                 *_shown(b, result, hit))
        rows.append(Row(row_key(hit), cells, record=hit))
    columns = (Column("rank_a", "A #", "right", fixed=True, minimum=3), Column("rank_b", "B #", "right", fixed=True,
                                                                                minimum=3),
               Column("moved", "moved", fixed=True, minimum=7), Column("distance_a", "A distance", "right"),
               Column("distance_b", "B distance", "right"), *value_columns(b))
    return Table(columns, tuple(rows), "neither search found anything")


def _shown(wanted: SearchResult, result: SearchResult, hit: Neighbor) -> list[Cell]:
    """The cells of `hit` under the columns that B shows."""
    cells = dict(zip(result.columns, value_cells(hit.values, result.type_oids), strict=True))
    return [cells.get(name, Cell("", "faint")) for name in wanted.columns]
