"""What runs out, and what all wait for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.parts import LEAST_PART, largest
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.counters import INVALID_INDEXES
from console.metrics.reads.tables import SEQUENCE_USE
from console.sql.quoting import identifier
from console.text import format as fmt

NEARLY_USED, ALMOST_USED = 80.0, 95.0
LOOKS, TOGETHER, MOST = 3, 6, 0.5
BUSY_PERCENT = 90.0
SATURATED_BY = {"LWLock": "a lock inside of the server", "IO": "reads and writes", "BufferPin": "pins of pages",
                "Buffer": "pages of the shared buffers"}


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
            subject=Subject(screen="schemas", relation=identifier(use.schema, use.sequence)),
            hurts=Hurt(None, "who inserts into it"),
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
            subject=Subject(screen="schemas", relation=identifier(item.schema, item.index)),
            hurts=Hurt(None, "who reads or writes that table"),
            checks=("invalid_indexes",),
            next="drop it and create it again, or REINDEX INDEX CONCURRENTLY")


def saturation(case: Case) -> Iterator[Finding]:
    """Most of the sessions that do something wait for the same thing, look after look."""
    looks = [_busy(backends) for _, backends in case.memory.kept(SESSIONS, 60.0)]
    if len(looks) < LOOKS:
        return
    waits = [Counter((item.wait_event_type or "", item.wait_event or "") for item in look) for look in looks]
    busy = sum(map(len, looks)) / len(looks)
    for wait in set().union(*waits):
        average = sum(counted[wait] for counted in waits) / len(looks)
        times = sum(counted[wait] > 0 for counted in waits)
        if wait[0] not in SATURATED_BY or average < TOGETHER or average < MOST * busy or times < MOST * len(looks):
            continue
        kind, event = wait
        waiting = [item for look in looks for item in look if item.wait_event == event]
        yield Finding(
            kind="saturation", severity="warning", weight=average,
            summary=f"{fmt.number(average, 2)} of {fmt.number(busy, 2)} active sessions wait for "
                    f"{SATURATED_BY[kind]}, {kind}:{event}",
            subject=Subject(screen="activity", page="waits"),
            hurts=Hurt(round(average), "sessions", tuple(name for name, _ in words.owners(waiting))),
            evidence=(Evidence("seen", f"in {times} of {len(looks)} looks"),),
            next="Activity's waits (w) say what that event means; fewer sessions at once often do more work")


def _busy(backends: Sequence[Backend]) -> list[Backend]:
    """Clients' sessions that do something: one that waits within the server does, though its state may lag behind."""
    return [item for item in backends if item.backend_type == "client backend"
            and (item.state == "active" or item.wait_event_type in SATURATED_BY)]


def processors(case: Case) -> Iterator[Finding]:
    """More sessions than the machine has processors for wait for nothing but their turn, look after look."""
    looks = [[item for item in _busy(backends) if item.wait_event_type is None]
             for _, backends in case.memory.kept(SESSIONS, 60.0)]
    busy_percent = [percent for _, percent in case.memory.cpu]
    if len(looks) < LOOKS or (case.cores is None and not busy_percent):
        return
    average = sum(map(len, looks)) / len(looks)
    if average < max(TOGETHER, 2 * (case.cores or 0)) or min(map(len, looks)) <= (case.cores or 0):
        return
    percent = sum(busy_percent) / len(busy_percent) if busy_percent else None
    if percent is not None and percent < BUSY_PERCENT:
        return
    part = largest(case, "exec_ms", LEAST_PART)
    whose = f"; {fmt.share(part.part)} of the time goes to {part.named}" if part is not None else ""
    on = f" on {fmt.plural(case.cores, 'core')}" if case.cores is not None else ""
    yield Finding(
        kind="cpu_saturated", severity="warning", weight=average,
        summary=f"the processors are saturated: {fmt.number(average, 2)} sessions run at a time{on}{whose}",
        subject=Subject(screen="statements", query_id=part.key.query_id) if part is not None else
        Subject(screen="activity", page="waits"),
        hurts=Hurt(round(average), "sessions", tuple(name for name, _ in words.owners(chain(*looks)))),
        evidence=(Evidence("seen", f"in {len(looks)} looks"),
                  *((Evidence("processors busy", fmt.percent(percent)),) if percent is not None else ()),
                  *((Evidence("statement", part.statement),) if part is not None else ())),
        next="make what takes most of the time cheaper, or run it more seldom; fewer sessions at once often do more")


KINDS = (sequences, invalid_indexes, saturation, processors)
