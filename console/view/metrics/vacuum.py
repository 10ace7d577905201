"""What autovacuum has to do, as rows: the most urgent table first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.activity.records import CommandProgress
from console.metrics.records.vacuum import AutovacuumScore, VacuumTable
from console.text import format as fmt
from console.view.bars import bar
from console.view.table import Cell, Column, Line, Row, Table, Tone, line


def _right(key: str, title: str, priority: int = 0) -> Column:
    return Column(key, title, align="right", minimum=6, priority=priority)


COLUMNS = (
    Column("table", "table", fixed=True, minimum=18, maximum=36),
    Column("due", "due for", minimum=8, maximum=24),
    Column("bar", "", minimum=8, maximum=8, sortable=False, priority=4),
    _right("dead", "dead rows"), _right("dead_limit", "of", 3), _right("dead_share", "dead %"),
    _right("inserted", "inserted", 5), _right("changed", "changed", 6), _right("age", "age"),
    _right("vacuum", "vacuumed"), _right("analyze", "analyzed", 2),
)

NEVER = "never"
MOST_TABLES = 200
"""How many tables are read, the nearest ones."""

NO_ESTIMATE = "no row estimate: ANALYZE"
"""Autovacuum never comes for the rows of a table whose estimate of them is no number, until ANALYZE sets it right."""


def table(found: Sequence[VacuumTable] | None, why: str | None, scores: Sequence[AutovacuumScore] = ()) -> Table:
    """Tables by how near they are to what makes autovacuum come: by the server's own `scores`, where it has them."""
    if found is None:
        return Table(COLUMNS, (), why or "reading…")
    by_oid = {score.oid: score for score in scores}
    rows = sorted(found, key=lambda table: (table.has_estimate, -share(table, by_oid))) if scores else found
    return Table(COLUMNS, tuple(_row(table, by_oid) for table in rows), "this database has no table")


def due(table: VacuumTable, scores: Mapping[int, AutovacuumScore]) -> list[str]:
    """What autovacuum would come for: as the server says, else by its thresholds."""
    if (score := scores.get(table.oid)) is not None:
        return _said(score)
    reasons = ((table.dead_rows, table.dead_limit, "dead rows"), (table.inserted_rows, table.insert_limit, "inserts"),
               (table.changed_rows, table.change_limit, "analyze"),
               (table.transaction_age, table.age_limit, "freezing"))
    return [words for value, limit, words in reasons if limit is not None and value > limit]


def due_words(found: Sequence[VacuumTable] | None, scores: Sequence[AutovacuumScore]) -> str | None:
    """How many of the tables are due, as their rows say; None before they are read."""
    if found is None:
        return None
    by_oid = {score.oid: score for score in scores}
    number = sum(bool(due(table, by_oid)) or not table.has_estimate for table in found)
    return f"{number} or more" if number and number == len(found) >= MOST_TABLES else fmt.count(number)


def _said(score: AutovacuumScore) -> list[str]:
    """A vacuum is for its greatest part."""
    parts = ((max(score.transaction_score, score.multixact_score), "freezing"), (score.dead_score, "dead rows"),
             (score.insert_score, "inserts"))
    vacuum = "freezing" if score.is_for_wraparound else max(parts)[1]
    return [*([vacuum] if score.would_vacuum or score.is_for_wraparound else []),
            *(["analyze"] if score.would_analyze else [])]


def share(table: VacuumTable, scores: Mapping[int, AutovacuumScore]) -> float:
    """How near autovacuum is: beyond 1 it is due."""
    if (score := scores.get(table.oid)) is not None:
        return score.score
    return max((value / limit for value, limit in (
        (table.dead_rows, table.dead_limit), (table.inserted_rows, table.insert_limit),
        (table.changed_rows, table.change_limit), (table.transaction_age, table.age_limit))
        if limit), default=0.0)


def _row(table: VacuumTable, scores: Mapping[int, AutovacuumScore]) -> Row:
    reasons, near = due(table, scores), share(table, scores)
    if not table.has_estimate:
        reasons = [NO_ESTIMATE, *reasons]
    total = table.live_rows + table.dead_rows
    dead_percent = 100 * table.dead_rows / total if total else None
    tone: Tone = "critical" if "freezing" in reasons and not table.is_enabled else "warning" if reasons else ""
    words = ", ".join(reasons) if table.is_enabled else f"off{': ' if reasons else ''}{', '.join(reasons)}"
    return Row(f"{table.schema}.{table.table}", (
        Cell(f"{table.schema}.{table.table}", "strong" if reasons else ""),
        Cell(words, tone if table.is_enabled else tone or "warning", order=near),
        Cell(bar(min(1.0, near), 8), tone or "dim", order=near),
        Cell(fmt.count(table.dead_rows), order=table.dead_rows),
        Cell("" if table.dead_limit is None else fmt.count(table.dead_limit), "dim", order=table.dead_limit),
        Cell(fmt.percent(dead_percent) if total else "", order=dead_percent),
        Cell(fmt.count(table.inserted_rows), "dim", order=table.inserted_rows),
        Cell(fmt.count(table.changed_rows), "dim", order=table.changed_rows),
        Cell(fmt.count(table.transaction_age), tone if "freezing" in reasons else "", order=table.transaction_age),
        _ago(table.last_vacuum_age_s), _ago(table.last_analyze_age_s),
    ), record=table)


def _ago(age_s: float | None) -> Cell:
    return Cell(NEVER, "dim", order=float("inf")) if age_s is None else Cell(fmt.duration(age_s), order=age_s)


def running(found: Sequence[CommandProgress]) -> Line:
    """What is being vacuumed now."""
    if not found:
        return line(("nothing is being vacuumed now", "dim"))
    pieces: list[str | tuple[str, Tone]] = [("vacuuming now ", "dim")]
    for number, command in enumerate(found[:4]):
        pieces += ["  " if number else "", (str(command.relation or command.pid), "strong"),
                   (f" {command.phase}", "dim")]
    if len(found) > 4:
        pieces.append((f"  and {len(found) - 4} more (Activity, progress)", "dim"))
    return line(*pieces)
