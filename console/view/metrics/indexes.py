"""What the statistics say of indexes, as rows, and what may be done about one."""

from __future__ import annotations

from collections.abc import Sequence

from console.metrics.records.tables import IndexActivity
from console.text import format as fmt
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone

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
          only_doubtful: bool, key: KeyName) -> Table:
    """The indexes in the order in which they came."""
    if found is None:
        return Table(COLUMNS, (), why or "reading…")
    empty = f"no index is unused, duplicate or invalid: {key('indexes.all')} shows all" if only_doubtful else "no index"
    return Table(COLUMNS, tuple(_row(index, counted_s) for index in found), empty)


def remark(index: IndexActivity, counted_s: float | None) -> tuple[str, Tone]:
    """What is to be said of it, the gravest first; that nobody scanned it means little in the first week."""
    if not index.is_valid:
        return "invalid: building it failed", "critical"
    if index.is_duplicate:
        return f"the same as {index.made_superfluous_by}", "warning"
    if index.made_superfluous_by is not None:
        return f"prefix of {index.made_superfluous_by}", "warning"
    is_early = counted_s is not None and counted_s < WEEK_S
    return ("never scanned", "dim" if is_early else "warning") if index.is_unused else ("", "")


def _row(index: IndexActivity, counted_s: float | None) -> Row:
    kind = ("primary" if index.is_primary else "constraint" if index.is_constraint
            else "unique" if index.is_unique else "")
    if index.is_replica_identity and not index.is_primary:
        kind = "replica identity"
    method = "" if index.method == "btree" else index.method
    words, tone = remark(index, counted_s)
    return Row(f"{index.schema}.{index.index}", (
        Cell(f"{index.schema}.{index.index}", "strong" if tone not in ("", "dim") else ""), Cell(index.table, "dim"),
        Cell(fmt.size(index.estimated_bytes), order=index.estimated_bytes),
        Cell(fmt.count(index.scans), "" if index.scans else "dim", order=index.scans),
        Cell(fmt.count(index.rows_read), "dim", order=index.rows_read),
        Cell(" ".join(filter(None, (method, kind))), "dim"), Cell(words, tone),
    ), record=index)


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


def statement(index: IndexActivity, name: str) -> str | None:
    """What mends it, `name` being its quoted name; None where there is nothing to mend."""
    if index.is_partition:
        return None
    if not index.is_valid:
        return f"REINDEX INDEX CONCURRENTLY {name};"
    if index.is_constraint or not (index.is_unused or index.made_superfluous_by):
        return None
    return f"DROP INDEX CONCURRENTLY {name};"


def detail(index: IndexActivity, name: str, counted_s: float | None) -> list[tuple[str, Tone]]:
    """An index in full, as paragraphs."""
    words, tone = remark(index, counted_s)
    lines: list[tuple[str, Tone]] = [
        (f"on {index.schema}.{index.table}, {index.method}, about {fmt.size(index.estimated_bytes)}", "")]
    since = "" if counted_s is None else f" in {fmt.duration(counted_s)}"
    lines.append((f"{fmt.plural(index.scans, 'scan')}, {fmt.plural(index.rows_read, 'row')} read{since}", "dim"))
    if words:
        lines += [("", ""), (words, tone)]
    if index.is_partition and words:
        lines.append(("it belongs to a partitioned index: that one is dropped, with all its parts", "dim"))
    elif index.is_constraint and index.made_superfluous_by:
        lines.append(("a constraint needs it: ALTER TABLE ... DROP CONSTRAINT takes both away", "dim"))
    if index.is_unused and index.is_valid and counted_s is not None and counted_s < WEEK_S:
        lines.append((f"scans were counted for {fmt.duration(counted_s)} only: too early to judge", "warning"))
    if index.is_unused and index.is_valid:
        lines.append(("a standby counts its own scans, and what runs once a month may need it: look first", "dim"))
    if (command := statement(index, name)) is not None:
        lines += [("", ""), (command, "accent")]
        if not index.is_valid:
            lines.append((f"or DROP INDEX CONCURRENTLY {name};", "dim"))
    return lines
