"""The tables that a statement names, each with its indexes below it."""

from __future__ import annotations

from collections.abc import Sequence

from console.statements.records import TouchedIndex, TouchedTable
from console.text import format as fmt
from console.view.table import Cell, Column, Row, Table, Tone

COLUMNS = (
    Column("name", "table and indexes", flexible=True, minimum=18, maximum=60, sortable=False),
    Column("rows", "rows", align="right", minimum=5, maximum=8, priority=2, sortable=False),
    Column("size", "size", align="right", minimum=6, maximum=8, sortable=False),
    Column("scans", "scans", align="right", minimum=5, maximum=9, sortable=False),
)
_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table", "p": "partitioned"}


def touched(tables: Sequence[TouchedTable] | None, indexes: Sequence[TouchedIndex], why: str = "") -> Table:
    """Rows of tables and, below each, of its indexes; None: not read yet."""
    rows: list[Row] = []
    for table in tables or ():
        kind = f" ({_KINDS[table.kind]})" if table.kind in _KINDS else ""
        own = [index for index in indexes if index.relation_id == table.relation_id]
        rows.append(Row(f"{table.relation_id}", (
            Cell(f"{table.schema}.{table.name}{kind}", "strong"),
            Cell("" if table.estimated_rows is None else fmt.count(table.estimated_rows), "dim"),
            Cell(fmt.size(table.total_bytes) if table.kind in "rm" else "", "dim"),
            Cell(f"{fmt.count(table.sequential_scans)} seq" if table.sequential_scans is not None
                 and table.kind in "rmp" else "", "dim")), record=table))
        for number, touched_index in enumerate(own):
            branch = "└" if number == len(own) - 1 else "├"
            is_unused = not touched_index.scans and not touched_index.is_unique
            tone: Tone = "critical" if not touched_index.is_valid else "faint" if is_unused else ""
            unique = "unique " if touched_index.is_unique else ""
            state = "" if touched_index.is_valid else " INVALID"
            rows.append(Row(f"{table.relation_id} {touched_index.name}", (
                Cell(f"{branch} {touched_index.name}{state}  {unique}{touched_index.definition}", tone), Cell(""),
                Cell(fmt.size(touched_index.total_bytes), "dim"), Cell(fmt.count(touched_index.scans), "dim")),
                record=touched_index))
    return Table(COLUMNS, tuple(rows), why or ("reading…" if tables is None else "names no table of this database"))
