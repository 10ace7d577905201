"""What runs now, at a glance: the sessions that have been at work longest, and the statements and waits of a minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from console.activity.records import Backend
from console.text import format as fmt
from console.view.active_sessions import number
from console.view.activity import sessions
from console.view.table import Cell, Column, Line, Row, Table, Tone

LONG_S = 30.0
"""A statement that has run for so long is worth a look."""


def running(backends: Sequence[Backend]) -> list[Backend]:
    """Who is at work, the longest first: clients' sessions and autovacuum's; a parallel worker is its leader's work."""
    found = [backend for backend in backends if backend.state == "active" and backend.leader_pid is None
             and backend.backend_type != "walsender"]
    return sorted(found, key=lambda backend: -(backend.query_age_s or 0.0))


def table(backends: Sequence[Backend], at: dt.datetime | None, most: int) -> Table:
    """The first `most` of those that run, as they were `at` that time (None: not read yet)."""
    found = running(backends)
    left = f", {most} of {len(found)}" if len(found) > most else ""
    when = f" {at.astimezone():%H:%M:%S}" if at is not None else ""
    columns = (
        Column("age", "age", align="right", minimum=5, sortable=False),
        Column("who", "session", minimum=8, maximum=20, sortable=False),
        Column("wait", "waits for", minimum=6, maximum=20, priority=1, sortable=False),
        Column("query", f"running{when}{left}", flexible=True, minimum=12, maximum=300, sortable=False))
    return Table(columns, tuple(_row(backend) for backend in found[:most]),
                 "sampled every 10 s: not yet" if at is None else f"no session but our own was at work at{when}")


def _row(backend: Backend) -> Row:
    wait, tone = _wait(backend)
    age = backend.query_age_s
    return Row(sessions.key(backend), (
        Cell("" if age is None else fmt.duration(age), "warning" if age is not None and age >= LONG_S else "", age),
        Cell(f"{sessions.who(backend)} {backend.pid}"), Cell(wait, tone), Cell(sessions.query(backend), "dim")),
        record=backend)


def _wait(backend: Backend) -> tuple[str, Tone]:
    if backend.blocked_by:
        holders = [str(pid) if pid else "prepared" for pid in backend.blocked_by]
        return (holders[0] if len(holders) == 1 else f"{holders[0]} and {len(holders) - 1} more"), "critical"
    if backend.lock_type is not None:
        return "a lock", "critical"
    return sessions.wait(backend), "warning" if backend.wait_event_type == "Lock" else ""


Shares = Sequence[tuple[str, float]]
"""Names with their average number of sessions, the most first."""


Fit = Callable[[str, int], str]
"""A text in exactly so many cells."""


def minute(statements: Shares, waits: Shares, width: int, height: int, fit: Fit) -> list[Line]:
    """The statements and the waits of the last minute by the average number of sessions at them, in `height` lines of
    `width` cells; which is little where it was looked only now and then."""
    if not statements:
        return [(("last minute: nobody at work when looked at", "dim"),)]
    most = max(1, min(len(waits), (height - 2) // 2))
    return [*_shares("statement, last minute", statements, width, height - 2 - most, fit),
            *_shares("waits for", waits, width, most, fit)]


FIGURES = "  active    %"


def _shares(title: str, shares: Shares, width: int, most: int, fit: Fit) -> list[Line]:
    total = sum(sessions for _, sessions in shares)
    lines: list[Line] = [((fit(title, width - len(FIGURES)), "dim"), (FIGURES, "dim"))]
    for name, active in shares[:most]:
        figures = f"{number(active):>8} {100 * active / total:>4.0f}"
        lines.append(((fit(name or "others", width - len(figures)), ""), (figures, "strong")))
    return lines
