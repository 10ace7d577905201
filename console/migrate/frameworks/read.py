"""Reads the ledgers of other frameworks. Nothing is ever created, written or waited for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

from msgspec.structs import replace

from console.migrate.frameworks.find import LedgerCandidate, candidates
from console.migrate.frameworks.records import (
    AdvisoryLock,
    ForeignLedger,
    ForeignLedgerRow,
    ForeignReading,
    ForeignRun,
    Head,
    LockRow,
)
from console.migrate.frameworks.runs import run_of, runs_without_ledger
from console.migrate.frameworks.specs import TITLES, Spec, recognise
from console.server.query import Query, Read, load
from console.server.session import Session

R = TypeVar("R")

_PACKAGE = "console.migrate.frameworks"
_AT_ONCE = 50
"""Ledgers read in one round trip: each holds a lock on its table until the end of it."""

ADVISORY_LOCKS = load(_PACKAGE, "advisory_locks", AdvisoryLock)

_Found = tuple[LedgerCandidate, Spec, LedgerCandidate | None]


async def read_ledgers(session: Session, among: Sequence[LedgerCandidate] | None = None) -> ForeignReading:
    """Every foreign ledger of the database, or of those tables, ordered by schema and table.

    A ledger that can't be read now comes back with the reason in `unavailable`. Raises ConsoleError when the
    catalog itself can't be read.
    """
    found = recognise(await candidates(session) if among is None else among)
    locks = (await session.refresh(Read(ADVISORY_LOCKS))).rows(ADVISORY_LOCKS) or []
    ledgers: list[ForeignLedger] = []
    for start in range(0, len(found), _AT_ONCE):
        ledgers += await _read(session, found[start:start + _AT_ONCE], locks)
    return ForeignReading(tuple(ledgers), runs_without_ledger((ledger.framework for ledger in ledgers), locks))


async def _read(session: Session, found: Sequence[_Found], locks: Sequence[AdvisoryLock]) -> list[ForeignLedger]:
    rows_of: dict[tuple[str, str], Query[ForeignLedgerRow]] = {}
    lock_of: dict[tuple[str, str], Query[LockRow]] = {}
    for ledger, spec, lock_table in found:
        if _obstacle(ledger) is None:
            rows_of[ledger.schema, ledger.table] = _query(spec.sql, ForeignLedgerRow, ledger)
            if lock_table is not None and spec.lock is not None and _obstacle(lock_table) is None:
                lock_of[ledger.schema, ledger.table] = _query(spec.lock.sql, LockRow, lock_table)
    readings = await session.refresh(*map(Read, rows_of.values()), *map(Read, lock_of.values()))
    ledgers = []
    for ledger, spec, lock_table in found:
        place = ledger.schema, ledger.table
        run = _run_in_progress(ledger, spec, session.info.database, locks)
        if (query := lock_of.get(place)) is not None:
            run = run or _run_by_lock_row(spec, readings.rows(query) or [])
        elif lock_table is not None:
            run = run or _run_by_table_lock(spec, lock_table)
        known = ForeignLedger(spec.framework, *place, run=run)
        rows = None if place not in rows_of else readings.rows(rows_of[place])
        if rows is None:
            reason = _obstacle(ledger) or readings.why(rows_of[place])
            ledgers.append(replace(known, unavailable=reason))
        else:
            ledgers.append(summarise(known, spec, rows))
    return ledgers


def summarise(ledger: ForeignLedger, spec: Spec, rows: Sequence[ForeignLedgerRow]) -> ForeignLedger:
    """What the rows, in order of application, say of the ledger as a whole."""
    applied = [row for row in rows if row.state in ("applied", "baseline")]
    bad = [row for row in rows if row.state in ("failed", "running")]
    last = (applied or bad)[-1:]
    times = [row.applied_at for row in applied if row.applied_at is not None]
    version: str | None = last[0].version if last else None
    count: int | None = sum(row.state == "applied" for row in rows)
    if spec.counting == "heads":
        version = ", ".join(row.version for row in rows) or None
        count = 0 if not rows else None
    elif spec.counting == "number":
        count = int(version) if version else 0
    words = [f"{row.version} {row.state}" + (f": {row.detail}" if row.detail else "") for row in bad]
    return replace(
        ledger, last_version=version, applied_count=count, is_dirty=bool(bad), heads=_heads(spec, applied),
        last_applied_at=max(times, default=None), rows=tuple(rows), detail="; ".join(words) or None)


def _heads(spec: Spec, applied: Sequence[ForeignLedgerRow]) -> tuple[Head, ...]:
    if spec.counting != "rows":
        return tuple(Head(row.line, row.version, None) for row in applied)
    lines = groupby(sorted(applied, key=lambda row: row.line or ""), key=lambda row: row.line)
    return tuple(Head(line, members[-1].version, sum(row.state == "applied" for row in members))
                 for line, group in lines if (members := list(group)))


def _obstacle(table: LedgerCandidate) -> str | None:
    """Why the table is not asked at all."""
    if not (table.may_use_schema and table.may_select):
        return f"this role may not read it: {table.grant}"
    if table.lock_mode == "AccessExclusiveLock":
        return f"migration in progress: process {table.lock_pid} holds the table locked"
    return None


def _run_in_progress(ledger: LedgerCandidate, spec: Spec, database: str,
                     locks: Sequence[AdvisoryLock]) -> ForeignRun | None:
    return run_of(spec.framework, database, ledger.schema, ledger.table, locks) or _run_by_table_lock(spec, ledger)


def _run_by_table_lock(spec: Spec, table: LedgerCandidate) -> ForeignRun | None:
    if table.lock_pid is None:
        return None
    return ForeignRun(spec.framework, "table lock", table.lock_pid, table.lock_application or None, table.locked_at,
               f"{table.lock_mode} on {table.schema}.{table.table}")


def _run_by_lock_row(spec: Spec, rows: Sequence[LockRow]) -> ForeignRun | None:
    held = next((row for row in rows if row.is_held), None)
    if held is None:
        return None
    return ForeignRun(spec.framework, "lock table", None, None, held.since,
               f"{TITLES[spec.framework]}'s lock table says so" + (f": {held.holder}" if held.holder else ""))


def _query(name: str, record: type[R], table: LedgerCandidate) -> Query[R]:
    return load(_PACKAGE, name, record).on(  # type: ignore[arg-type]
        schema=table.schema, table=table.table)
