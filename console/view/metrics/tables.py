"""What the statistics say of tables, as rows and in full."""

from __future__ import annotations

from collections.abc import Sequence

from console.metrics.records.tables import TableActivity
from console.text import format as fmt
from console.view.table import Cell, Column, Line, Row, Table, Tone


def _right(key: str, title: str, priority: int = 0) -> Column:
    return Column(key, title, align="right", minimum=6, priority=priority)


COLUMNS = (
    Column("table", "table", fixed=True, minimum=18, maximum=36),
    Column("due", "due", minimum=6, maximum=8, sortable=False, priority=1),
    _right("table_size", "size"), _right("index_size", "indexes", 2), _right("rows", "rows"),
    _right("sequential", "seq scans"), _right("indexed", "idx scans"),
    _right("inserted", "inserted", 3), _right("updated", "updated", 3), _right("hot", "hot %", 5),
    _right("deleted", "deleted", 4), _right("dead", "dead"), _right("dead_share", "dead %", 2), _right("age", "age", 6),
    _right("vacuum", "vacuumed", 1), _right("analyze", "analyzed", 5),
)
SERVED = frozenset(column.key for column in COLUMNS if column.sortable) - {"table"}
"""The columns that the server can sort by."""

MANY_ROWS = 100_000
"""Rows from which on reading a table from end to end is worth a look."""


def table(found: Sequence[TableActivity] | None, why: str | None) -> Table:
    """The tables in the order in which they came."""
    if found is None:
        return Table(COLUMNS, (), why or "reading…")
    return Table(COLUMNS, tuple(map(_row, found)), "no table")


def _row(table: TableActivity) -> Row:
    hot = 100 * table.hot_updated_rows / table.updated_rows if table.updated_rows else None
    total = table.live_rows + table.dead_rows
    dead_percent = 100 * table.dead_rows / total if total else 0.0
    tone: Tone = "warning" if table.is_due else "" if table.dead_rows else "dim"
    is_read_whole = table.live_rows >= MANY_ROWS and table.sequential_scans > table.index_scans
    is_old = table.transaction_age > table.freeze_max_age
    return Row(f"{table.schema}.{table.table}", (
        Cell(f"{table.schema}.{table.table}"),
        Cell("freeze" if is_old else "vacuum" if table.is_due else "", "warning"),
        Cell(fmt.size(table.table_bytes), "strong", order=table.table_bytes),
        Cell(fmt.size(table.index_bytes), order=table.index_bytes),
        _count(table.live_rows), _count(table.sequential_scans, "warning" if is_read_whole else ""),
        _count(table.index_scans), _count(table.inserted_rows), _count(table.updated_rows),
        Cell("" if hot is None else f"{hot:.0f}", "dim", order=-1.0 if hot is None else hot),
        _count(table.deleted_rows), Cell(fmt.count(table.dead_rows), tone, order=table.dead_rows),
        Cell(f"{dead_percent:.0f}" if table.dead_rows else "", tone, order=dead_percent),
        _count(table.transaction_age, "warning" if is_old else "dim"),
        _ago(table.last_vacuum_age_s), _ago(table.last_analyze_age_s),
    ), record=table)


def _count(value: int, tone: Tone = "") -> Cell:
    return Cell(fmt.count(value), tone if value else "dim", order=value)


def _ago(age_s: float | None) -> Cell:
    return Cell("never", "dim", order=float("inf")) if age_s is None else Cell(fmt.duration(age_s), order=age_s)


def facts(found: Sequence[TableActivity] | None, counted_s: float | None) -> Line:
    """How many there are, what those that are shown take, and for how long their counters have counted."""
    if not found:
        return ()
    tables, due = found[0].tables, sum(table.is_due for table in found)
    many = fmt.plural(tables, "table") if tables == len(found) else \
        f"{fmt.count(len(found))} of {fmt.plural(tables, 'table')}, the first by this order"
    since = "" if counted_s is None else f"   counted for {fmt.duration(counted_s)}"
    return ((many, "strong"), (f", {fmt.size(sum(table.table_bytes for table in found))} and "
                               f"{fmt.size(sum(table.index_bytes for table in found))} of indexes", ""),
            (f", {due} due for vacuum" if due else "", "warning"), (since, "faint"))
