"""What runs out, and what all wait for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from console.activity.read import SESSIONS
from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.counters import INVALID_INDEXES
from console.metrics.reads.tables import SEQUENCE_USE
from console.text import format as fmt

NEARLY_USED, ALMOST_USED = 80.0, 95.0
TOGETHER, MOST = 6, 0.6
SATURATED_BY = {"LWLock": "a lock inside of the server", "IO": "reads and writes", "BufferPin": "pins of pages"}


def sequences(case: Case) -> Iterator[Finding]:
    """Sequences, and the columns that they fill, that have nearly no values left."""
    for use in case.rows(SEQUENCE_USE):
        if use.used_percent < NEARLY_USED:
            continue
        name = f"{use.schema}.{use.sequence}"
        fills = f"{use.table}.{use.column}" if use.table and use.column else name
        left = use.last_possible - (use.last_value or 0)
        yield Finding(
            kind="values_run_out", severity="critical" if use.used_percent >= ALMOST_USED else "warning",
            weight=use.used_percent,
            summary=f"{words.named(fills)} has used {fmt.percent(use.used_percent)} of its values, "
                    f"{fmt.count(left)} are left; then each INSERT fails",
            subject=Subject(screen="schemas", relation=name), hurts=Hurt(None, "who inserts into it"),
            evidence=(Evidence("last possible", fmt.count(use.last_possible)),
                      Evidence("limited by", "the column's type" if use.is_column_smaller else "the sequence")),
            checks=("sequences",),
            next="give the column type bigint, in steps that don't rewrite the table under a lock")


def invalid_indexes(case: Case) -> Iterator[Finding]:
    """Indexes that cost every write and serve no read."""
    for item in case.rows(INVALID_INDEXES):
        name = f"{item.schema}.{item.index}"
        cost = ", although every write pays for it" if item.is_maintained else ""
        yield Finding(
            kind="invalid_index", severity="warning", weight=0.5,
            summary=f"index {words.named(name)} on {words.named(item.table)} is invalid: no query uses it{cost}",
            subject=Subject(screen="schemas", relation=name), hurts=Hurt(None, "who reads or writes that table"),
            checks=("invalid_indexes",),
            next="drop it and create it again, or REINDEX INDEX CONCURRENTLY")


def saturation(case: Case) -> Iterator[Finding]:
    """Most of the active sessions wait for the same thing, look after look."""
    kept = case.memory.kept(SESSIONS, 60.0)[-3:]
    if len(kept) < 2:
        return
    shares: Counter[tuple[str, str]] = Counter()
    fewest: dict[tuple[str, str], int] = {}
    for _, backends in kept:
        active = [item for item in backends if item.state == "active" and item.backend_type == "client backend"]
        waits = Counter((item.wait_event_type or "", item.wait_event or "") for item in active)
        for wait, number in waits.items():
            if wait[0] in SATURATED_BY and number >= TOGETHER and number >= MOST * len(active):
                shares[wait] += 1
                fewest[wait] = min(number, fewest.get(wait, number))
    for wait, times in shares.items():
        if times == len(kept):
            kind, event = wait
            waiting = [item for item in kept[-1][1] if item.wait_event == event and item.state == "active"]
            yield Finding(
                kind="saturation", severity="warning", weight=float(fewest[wait]),
                summary=f"{len(waiting)} active sessions wait for {SATURATED_BY[kind]}, {kind}:{event}, most of all "
                        "that are active",
                subject=Subject(screen="activity"),
                hurts=Hurt(len(waiting), "sessions", tuple(name for name, _ in words.owners(waiting))),
                evidence=(Evidence("seen", f"in {times} of {len(kept)} looks, at least {fewest[wait]} each"),),
                next="Activity's waits (w) say what that event means; fewer sessions at once often do more work")


KINDS = (sequences, invalid_indexes, saturation)
