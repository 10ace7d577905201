"""What the statistics say of indexes, as rows, and what may be done about one."""

from __future__ import annotations

from collections.abc import Sequence

from console.metrics.tables.records import IndexActivity
from console.view import format as fmt
from console.view.table import Cell, Column, Line, Row, Table, Tone

COLUMNS = (
    Column("index", "index", fixed=True, minimum=22, maximum=44),
    Column("table", "table", minimum=14, maximum=34, priority=1),
    Column("size", "size", align="right", minimum=7),
    Column("scans", "scans", align="right", minimum=7),
    Column("read", "rows read", align="right", minimum=8, priority=3),
    Column("kind", "kind", minimum=6, maximum=18, priority=2, sortable=False),
    Column("remark", "remark", flexible=True, minimum=14, maximum=60, sortable=False),
)
WEEK_S = 7 * 86400.0
SERVED = frozenset(("size", "scans", "read"))
"""The columns that the server can sort by."""


def table(found: Sequence[IndexActivity] | None, why: str | None, counted_s: float | None, *,
          only_doubtful: bool) -> Table:
    """The indexes in the order in which they came."""
    if found is None:
        return Table(COLUMNS, (), why or "reading…")
    empty = "no index is unused, duplicate or invalid: m shows all" if only_doubtful else "no index"
    return Table(COLUMNS, tuple(_row(one, counted_s) for one in found), empty)


def remark(one: IndexActivity, counted_s: float | None) -> tuple[str, Tone]:
    """What is to be said of it, the gravest first; that nobody scanned it means little in the first week."""
    if not one.is_valid:
        return "invalid: building it failed", "critical"
    if one.is_duplicate:
        return f"the same as {one.made_superfluous_by}", "warning"
    if one.made_superfluous_by is not None:
        return f"prefix of {one.made_superfluous_by}", "warning"
    is_early = counted_s is not None and counted_s < WEEK_S
    return ("never scanned", "dim" if is_early else "warning") if one.is_unused else ("", "")


def _row(one: IndexActivity, counted_s: float | None) -> Row:
    kind = "primary" if one.is_primary else "constraint" if one.is_constraint else "unique" if one.is_unique else ""
    if one.is_replica_identity and not one.is_primary:
        kind = "replica identity"
    method = "" if one.method == "btree" else one.method
    words, tone = remark(one, counted_s)
    return Row(f"{one.schema}.{one.index}", (
        Cell(f"{one.schema}.{one.index}", "strong" if tone not in ("", "dim") else ""), Cell(one.table, "dim"),
        Cell(fmt.size(one.estimated_bytes), order=one.estimated_bytes),
        Cell(fmt.count(one.scans), "" if one.scans else "dim", order=one.scans),
        Cell(fmt.count(one.rows_read), "dim", order=one.rows_read),
        Cell(" ".join(filter(None, (method, kind))), "dim"), Cell(words, tone),
    ), record=one)


def facts(found: Sequence[IndexActivity] | None, counted_s: float | None, *, only_doubtful: bool,
          is_standby: bool) -> Line:
    """How many there are and for how long their scans were counted."""
    shown = "shown: unused, duplicate or invalid" if only_doubtful else "all shown"
    if not found:
        return ((shown, "faint"),)
    first = found[0]
    many = fmt.plural(first.indexes, "index", "indexes")
    if first.indexes > len(found):
        many = f"{fmt.count(len(found))} of {many}, the first by this order"
    since = "" if counted_s is None else f", scans counted for {fmt.duration(counted_s)}"
    where = " on this standby" if is_standby else ""
    return ((many, "strong"), (f", {fmt.size(first.all_bytes)} by the last vacuum", ""), (f"{since}{where}   ", "dim"),
            (shown, "faint"))


def statement(one: IndexActivity, index: str) -> str | None:
    """What mends it, `index` being its quoted name; None where there is nothing to mend."""
    if one.is_partition:
        return None
    if not one.is_valid:
        return f"REINDEX INDEX CONCURRENTLY {index};"
    if one.is_constraint or not (one.is_unused or one.made_superfluous_by):
        return None
    return f"DROP INDEX CONCURRENTLY {index};"


def detail(one: IndexActivity, index: str, counted_s: float | None) -> list[tuple[str, Tone]]:
    """An index in full, as paragraphs."""
    words, tone = remark(one, counted_s)
    lines: list[tuple[str, Tone]] = [(f"on {one.schema}.{one.table}, {one.method}, about "
                                      f"{fmt.size(one.estimated_bytes)}", "")]
    since = "" if counted_s is None else f" in {fmt.duration(counted_s)}"
    lines.append((f"{fmt.plural(one.scans, 'scan')}, {fmt.plural(one.rows_read, 'row')} read{since}", "dim"))
    if words:
        lines += [("", ""), (words, tone)]
    if one.is_partition and words:
        lines.append(("it belongs to a partitioned index: that one is dropped, with all its parts", "dim"))
    elif one.is_constraint and one.made_superfluous_by:
        lines.append(("a constraint needs it: ALTER TABLE ... DROP CONSTRAINT takes both away", "dim"))
    if one.is_unused and one.is_valid and counted_s is not None and counted_s < WEEK_S:
        lines.append((f"scans were counted for {fmt.duration(counted_s)} only: too early to judge", "warning"))
    if one.is_unused and one.is_valid:
        lines.append(("a standby counts its own scans, and what runs once a month may need it: look first", "dim"))
    if (command := statement(one, index)) is not None:
        lines += [("", ""), (command, "accent")]
        if not one.is_valid:
            lines.append((f"or DROP INDEX CONCURRENTLY {index};", "dim"))
    return lines
