"""Databases or tablespaces with their sizes, as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.metrics.records.sizes import NamedSize
from console.text import format as fmt
from console.view.bars import bar
from console.view.table import Cell, Column, Row, Table


def table(title: str, found: Sequence[NamedSize] | None, per_hour: Callable[[str], float | None], why: str | None
          ) -> Table:
    """`title` is what they are; `per_hour` gives the bytes by which one grows."""
    columns = (
        Column("name", title, fixed=True, minimum=18, maximum=36),
        Column("size", "size", align="right", minimum=8),
        Column("bar", "", minimum=10, maximum=10, sortable=False, priority=2),
        Column("growth", "an hour", align="right", minimum=9),
        Column("owner", "owner", minimum=8, maximum=24, priority=3),
        Column("note", "", flexible=True, minimum=8, maximum=80, priority=4, sortable=False),
    )
    if found is None:
        return Table(columns, (), why or "reading sizes…")
    total = sum(size.total_bytes or 0 for size in found)
    rows = []
    for named_size in found:
        share = (named_size.total_bytes or 0) / total if total else 0.0
        growth = per_hour(named_size.name)
        note = named_size.note if named_size.total_bytes is not None else "needs CONNECT or pg_read_all_stats"
        rows.append(Row(named_size.name, (
            Cell(named_size.name), Cell(fmt.size(named_size.total_bytes), "strong", order=named_size.total_bytes),
            Cell(bar(share, 10), "dim", order=share),
            Cell("" if growth is None else f"{'+' if growth > 0 else ''}{_signed(growth)}", "" if growth else "dim",
                 order=growth),
            Cell(named_size.owner, "dim"), Cell(note, "dim"))))
    return Table(columns, tuple(rows), f"no {title}")


def _signed(value: float) -> str:
    return f"-{fmt.size(-value)}" if value < 0 else fmt.size(value)
