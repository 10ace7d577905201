"""Vacuum: what holds it back, and where it doesn't run."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from console.activity.read import PREPARED_HOLDERS, SESSIONS
from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Severity, Subject
from console.metrics.reads.counters import FREEZE_AGES
from console.metrics.reads.replication import SLOT_FACTS
from console.metrics.reads.tables import DEAD_ROWS
from console.metrics.reads.vacuum import AUTOVACUUM, VACUUM_TABLES
from console.metrics.records.counters import FreezeAge
from console.metrics.records.tables import DeadRows
from console.sql.quoting import identifier
from console.text import format as fmt

MOST_AGE, MUCH_AGE = 1_800_000_000, 1_200_000_000
"""Transactions until which a database may go without being frozen: at 2^31 the server stops to take any."""


HELD_PART = 0.5
"""Who holds back so large a part of that age is why nothing was frozen."""


class Holder(Struct, frozen=True):
    """Who may still want to see rows that are dead for all others, since `age` transactions; `age_s` None: nobody knows
    for how long."""

    kind: str
    words: str
    age_s: float | None
    age: int
    advice: str
    subject: Subject
    checks: tuple[str, ...]


def held_back(case: Case) -> Iterator[Finding]:
    """Dead rows that VACUUM has met and could not remove, and the oldest who may still see them."""
    dead = case.rows(DEAD_ROWS)
    if not dead:
        return
    for holder in _oldest_first(case)[:1]:
        kept = [table for table in dead if _is_kept_for(table, holder)]
        if not kept:
            return
        rows = sum(table.dead_rows for table in kept)
        first = max(kept, key=lambda table: table.dead_rows)
        name = f"{first.schema}.{first.table}"
        more = f" and {fmt.plural(len(kept) - 1, 'more table')}" if len(kept) > 1 else ""
        yield Finding(
            kind=holder.kind, severity="critical" if rows > 10_000_000 else "warning", weight=rows / 1000,
            summary=f"{fmt.count(rows)} dead rows of {name}{more} stay although it was vacuumed: {holder.words} "
                    "may still see them",
            since=case.ago(holder.age_s), subject=holder.subject, next=holder.advice,
            hurts=Hurt(None, "whoever reads these tables", tuple(f"{table.schema}.{table.table}" for table in kept)),
            evidence=(Evidence("dead rows", f"{fmt.count(first.dead_rows)} of {name}, vacuumed "
                                            f"{fmt.duration(first.last_vacuum_age_s)} ago"),
                      *((Evidence("holds back", fmt.plural(holder.age, "transaction")),) if holder.age else ())),
            checks=("dead_tuples", *holder.checks))


def _oldest_first(case: Case) -> list[Holder]:
    return sorted(_holders(case), key=lambda holder: -holder.age)


def _is_kept_for(table: DeadRows, holder: Holder) -> bool:
    """Whether that table was vacuumed while the holder was there already, and still has them."""
    age_s = table.last_vacuum_age_s
    return age_s is not None and (holder.age_s is None or age_s < holder.age_s)


def _holders(case: Case) -> Iterator[Holder]:
    for backend in case.sessions.values():
        if backend.xmin_age is None or backend.xmin_age < 1:
            continue
        subject = Subject(screen="activity", pid=backend.pid)
        if backend.backend_type == "walsender":
            yield Holder("vacuum_held_by_standby", f"queries on the standby {words.application(backend)} "
                         f"(pid {backend.pid}, hot_standby_feedback)", None, backend.xmin_age,
                         "end the long query on the standby, or turn hot_standby_feedback off there",
                         Subject(screen="activity", pid=backend.pid, standby=words.application(backend)), ())
        elif backend.backend_type in (None, "client backend") and backend.transaction_age_s is not None:
            age_s = backend.transaction_age_s + case.age_s(SESSIONS)
            state = "idle in a transaction" if (backend.state or "").startswith("idle in") else "in a transaction"
            yield Holder("vacuum_held_by_session", f"{words.backend(backend)}, {state} for {fmt.duration(age_s)},",
                         age_s, backend.xmin_age,
                         f"end it in its application, or SELECT pg_terminate_backend({backend.pid})", subject,
                         ("long_transactions", "idle_in_transaction"))
    for prepared in case.rows(PREPARED_HOLDERS):
        if prepared.age is not None:
            yield Holder("vacuum_held_by_prepared",
                         f"the prepared transaction {words.named(prepared.gid)} ({fmt.duration(prepared.age_s)} old)",
                         prepared.age_s, prepared.age, "commit or roll it back: COMMIT PREPARED or ROLLBACK PREPARED",
                         Subject(screen="activity", gid=prepared.gid), ("prepared_transactions",))
    for slot in case.rows(SLOT_FACTS):
        age = slot.xmin_age or 0  # a logical slot's catalog_xmin keeps rows of catalogs alone
        if age > 0:
            use = "" if slot.active_pid else ", which nobody reads,"
            yield Holder("vacuum_held_by_slot", f"replication slot {words.named(slot.name)}{use}",
                         slot.inactive_age_s, age,
                         "start its consumer, or drop the slot if that is gone for good: pg_drop_replication_slot",
                         Subject(screen="activity", slot=slot.name, pid=slot.active_pid), ("replication_slots",))


def turned_off(case: Case) -> Iterator[Finding]:
    """Tables for which autovacuum is turned off by their own settings, and that need it."""
    if (autovacuum := case.first(AUTOVACUUM)) is not None and not autovacuum.is_enabled:
        return
    for table in case.rows(DEAD_ROWS):
        if not table.is_autovacuumed:
            name = words.named(f"{table.schema}.{table.table}")
            yield Finding(
                kind="autovacuum_off_for_table", severity="warning", weight=table.dead_percent,
                summary=f"{name} has {fmt.count(table.dead_rows)} dead rows ({fmt.percent(table.dead_percent)}) and "
                        "autovacuum is turned off for it",
                subject=Subject(screen="schemas", relation=identifier(table.schema, table.table)),
                checks=("dead_tuples",),
                evidence=(Evidence("live rows", fmt.count(table.live_rows)),),
                next="ALTER TABLE ... RESET (autovacuum_enabled), then VACUUM it once")


def starved(case: Case) -> Iterator[Finding]:
    """All workers are busy while tables wait for one."""
    autovacuum = case.first(AUTOVACUUM)
    if autovacuum is None or not autovacuum.is_enabled or autovacuum.workers < autovacuum.max_workers:
        return
    due = [table for table in case.rows(VACUUM_TABLES) if table.is_enabled and table.dead_limit is not None
           and table.dead_rows > 2 * table.dead_limit and table.dead_rows > 10_000]
    if len(due) <= autovacuum.max_workers:
        return
    names = [f"{table.schema}.{table.table}" for table in due]
    yield Finding(
        kind="autovacuum_starved", severity="warning", weight=float(len(due)),
        summary=f"all autovacuum workers ({autovacuum.workers}) are busy and {len(due)} tables have waited for one "
                "until they were twice beyond their threshold",
        subject=Subject(screen="overview", page="vacuum"), hurts=Hurt(len(due), "tables", tuple(names[:3])),
        evidence=(Evidence("tables", words.listed(names)),), checks=("dead_tuples",),
        next="raise autovacuum_vacuum_cost_limit so that each is quicker, then autovacuum_max_workers")


def wraparound(case: Case) -> Iterator[Finding]:
    """Databases that come near to the end of their transaction numbers."""
    near: dict[Severity, list[FreezeAge]] = {}
    for database in case.rows(FREEZE_AGES):
        age = max(database.transaction_age, database.multixact_age)
        if age > MUCH_AGE:
            near.setdefault("critical" if age > MOST_AGE else "warning", []).append(database)
    for urgency, databases in near.items():
        yield _wraparound(case, urgency, databases[0], len(databases) - 1)


def _wraparound(case: Case, urgency: Severity, database: FreezeAge, others: int) -> Finding:
    """About the oldest of them, and how many others there are."""
    age = max(database.transaction_age, database.multixact_age)
    what = "transactions" if database.transaction_age >= database.multixact_age else "multixacts"
    more = f" (and {fmt.plural(others, 'more database')})" if others else ""
    holder = next((holder for holder in _oldest_first(case) if holder.age >= HELD_PART * age), None)
    because = f": {holder.words} holds VACUUM back" if holder is not None else ""
    return Finding(
        kind="wraparound", severity=urgency, weight=age / 1e6,
        summary=f"{words.named(database.database)}{more} was last frozen {fmt.count(age)} {what} ago; at 2.1 B the "
                f"server takes no more writes{because}",
        subject=Subject(screen="overview", page="vacuum", database=database.database),
        hurts=Hurt(None, "all who write"), checks=("wraparound", "freeze_age"),
        evidence=(Evidence("left", fmt.count(2**31 - age)),),
        next="end what holds VACUUM back, then VACUUM (FREEZE) the oldest tables")


KINDS = (held_back, turned_off, starved, wraparound)
