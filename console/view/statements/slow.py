"""Slow statements as they were seen: those that run first, then those that are over."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from console.statements.records import SlowStatement
from console.text import format as fmt
from console.view.statements.text import beginning
from console.view.table import Cell, Column, Line, Row, Table, Tone, said_once

COLUMNS = (
    Column("state", "state", fixed=True, minimum=7, maximum=8),
    Column("pid", "pid", align="right", minimum=5, maximum=8, priority=2),
    Column("began", "began", minimum=8, maximum=14, priority=1),
    Column("lasted", "for", align="right", minimum=6, maximum=8),
    Column("user", "user", minimum=6, maximum=14, priority=4),
    Column("application", "application", minimum=16, maximum=20, priority=3),
    Column("wait", "at", minimum=8, maximum=20, priority=5),
    Column("plan", "plan", maximum=4, priority=6),
    Column("statement", "statement", flexible=True, minimum=24, maximum=400),
)


def key(statement: SlowStatement) -> str:
    return f"{statement.session.pid} {statement.session.backend_start} {statement.session.query_start}"


def table(statements: Sequence[SlowStatement], planned: Collection[str], threshold_s: float) -> Table:
    """The kept statements: those that run, then those that are over, the longest first; `planned` are the keys of those
    whose plan was taken."""
    ordered = sorted(statements, key=lambda statement: (statement.is_over, -statement.lasted_s))
    found = Table(COLUMNS, tuple(_row(statement, key(statement) in planned) for statement in ordered),
                 f"nothing has run for {fmt.duration(threshold_s)} since this console was opened; "
                 "slow_query in [console] sets how long that is")
    return said_once(found, "user")


def _row(statement: SlowStatement, has_plan: bool) -> Row:
    session = statement.session
    wait = f"{session.wait_event_type}:{session.wait_event}" if session.wait_event else ""
    tone: Tone = "dim" if statement.is_over else ""
    began = session.query_start
    return Row(key(statement), (
        Cell("over" if statement.is_over else "blocked" if session.blockers else "runs",
             "dim" if statement.is_over else "critical" if session.blockers else "warning"),
        Cell(str(session.pid), tone, session.pid),
        Cell(f"{began.astimezone():%H:%M:%S}" if began is not None else fmt.UNKNOWN, tone, began and began.timestamp()),
        Cell(("≥ " if statement.is_over else "") + fmt.duration(statement.lasted_s), tone, statement.lasted_s),
        Cell(session.user or "", "dim"),
        Cell(session.application or "", tone),
        Cell("lock" if statement.blockers and statement.is_over else wait, "dim"),
        Cell("yes" if has_plan else "", "dim"),
        Cell(beginning(session.query or ""), tone),
    ), search=session.database or "", record=statement)


def verdict(statements: Sequence[SlowStatement], threshold_s: float) -> Line:
    """How many run now and how many are over."""
    running = [statement for statement in statements if not statement.is_over]
    over = f" · {fmt.plural(len(statements) - len(running), 'slow one')} over" if len(statements) > len(running) else ""
    if not running:
        return ((" nothing runs for longer than ", "ok"), (fmt.duration(threshold_s), "ok"), (over, "dim"))
    blocked = sum(bool(statement.session.blockers) for statement in running)
    longest = max(statement.lasted_s for statement in running)
    verb = "runs" if len(running) == 1 else "run"
    return ((f" {fmt.plural(len(running), 'statement')} {verb} for {fmt.duration(longest)}", "warning"),
            (f", {blocked} behind a lock" if blocked else "", "critical"), (over, "dim"))


def facts(statement: SlowStatement, plan: Sequence[str] | None, why_not: str | None) -> list[Line]:
    """What is known of a slow statement beside its text: whose, how long, who was in its way, what its plan says."""
    session = statement.session
    lasted = f"ended after {fmt.duration(statement.lasted_s)} or a little more" if statement.is_over else \
        f"runs for {fmt.duration(statement.lasted_s)}"
    lines: list[Line] = [(
        (f"{session.pid} ", "strong"), (session.user or "", ""), (f" {session.application or ''}", "accent"),
        (f" on {session.database or '-'}", ""), (f" · {lasted}", "dim" if statement.is_over else "warning"))]
    if session.query_id is not None:
        lines.append(((f"query id {session.query_id}", "dim"),))
    for blocker in statement.blockers:
        lines.append((("was behind " if statement.is_over else "behind ", "dim"), (beginning(blocker), "critical")))
    for number, words in enumerate(plan or ()):
        lines.append((("plan: " if number == 0 else "      ", "dim"), (words, "")))
    if why_not is not None:
        lines.append((("no plan: ", "dim"), (why_not, "dim")))
    return lines
