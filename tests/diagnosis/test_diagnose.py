"""What is said of rows, where it needs no server to know what they would be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import console
from console import log
from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.activity.summary.read import BLOCKED_SESSIONS, OPEN_TRANSACTIONS, SESSION_COUNTS
from console.activity.summary.records import BlockedSession, OpenTransaction, SessionCounts
from console.diagnosis import diagnose as module
from console.diagnosis.case import DATA, PG_WAL, Case, Memory, Observed
from console.diagnosis.diagnose import diagnose
from console.diagnosis.plan_changes import reasons
from console.diagnosis.records import Finding, Subject, most_urgent_first
from console.diagnosis.watch import Diagnosis, ReadTimes
from console.manual import topics
from console.metrics.reads.counters import (
    DATABASE_COUNTERS,
    FREEZE_AGES,
    INVALID_INDEXES,
    REPLICATION_SLOTS,
    STANDBYS,
)
from console.metrics.reads.replication import SUBSCRIPTIONS
from console.metrics.reads.settings import RISKY_OVERRIDES
from console.metrics.reads.tables import TABLE_SCANS
from console.metrics.reads.upkeep import OPEN_SCHEMAS
from console.metrics.reads.vacuum import AUTOVACUUM, VACUUM_TABLES
from console.metrics.reads.wal import CHECKPOINTS, WAL_DIRECTORY
from console.metrics.records.counters import DatabaseCounters, FreezeAge, InvalidIndex, ReplicationSlot, Standby
from console.metrics.records.replication import SubscriptionState
from console.metrics.records.settings import RiskyOverride
from console.metrics.records.tables import TableScans
from console.metrics.records.upkeep import OpenSchema
from console.metrics.records.vacuum import Autovacuum, VacuumTable
from console.metrics.records.wal import WalDirectory
from console.sampler.changes import Change
from console.sampler.records import Snapshot
from console.server.query import Query
from console.statements import read
from console.statements.counters import NAMES
from console.statements.records import StatementEntry, StatsInfo
from tests.check.given import server
from tests.support.activity import backend, idle_in_transaction

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
Answer = tuple[Query[Any], Sequence[Any]]


def observed(*answers: Answer, after_s: float = 0.0, **more: Any) -> Observed:
    return Observed(at=NOW + dt.timedelta(seconds=after_s), info=more.pop("info", server()),
                    rows={query.name: rows for query, rows in answers}, **more)


def said(*answers: Answer, **more: Any) -> list[Finding]:
    return diagnose(Memory().take(observed(*answers, **more)))


def kinds(findings: Sequence[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def blocked(number: int, seconds: float) -> list[BlockedSession]:
    return [BlockedSession(100 + place, seconds, "transactionid", "ShareLock", [7], number, number * seconds)
            for place in range(min(number, 20))]


@pytest.mark.parametrize(("number", "seconds", "severity"), [
    (16, 26.0, "critical"), (1, 301.0, "critical"), (1, 31.0, "warning"), (10, 3.1, "warning"), (2, 10.0, None)])
def test_blocking_counts_by_how_many_and_how_long(number: int, seconds: float, severity: str | None) -> None:
    waiters = [backend(100 + place, 7, lock_wait_s=seconds) for place in range(number)]
    findings = said((BLOCKED_SESSIONS, blocked(number, seconds)), (SESSIONS, [idle_in_transaction(7), *waiters]))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    for finding in findings:
        assert finding.subject == Subject(screen="activity", pid=7) and finding.hurts is not None
        assert finding.hurts.count == number and finding.since == NOW - dt.timedelta(seconds=seconds)


def test_until_all_sessions_are_read_the_longest_waiters_tell() -> None:
    """The tick's reads alone name the root and count who waits for it."""
    opened = OpenTransaction(7, "billing", "console", "report", "idle in transaction", 60.0, 58.0)
    findings = said((BLOCKED_SESSIONS, blocked(30, 26.0)), (OPEN_TRANSACTIONS, [opened]))
    assert [finding.summary for finding in findings] == [
        "report (pid 7, billing) is idle in a transaction for 58 s and blocks 30 sessions"]


def test_nobody_is_said_to_block_who_no_longer_does() -> None:
    """The sessions are read seldom: that nobody waits any more is known from the tick."""
    sessions = [idle_in_transaction(7), *(backend(100 + place, 7) for place in range(9))]
    assert said((BLOCKED_SESSIONS, []), (SESSIONS, sessions)) == []


def line(root: int, waiters: int, first_s: float) -> list[Backend]:
    """A line for a row behind `root`: who is first waits for its transaction, the others for their turn."""
    first = backend(100, root, lock_wait_s=first_s, transaction_age_s=9.0)
    others = [backend(101 + place, 100, lock_type="tuple", lock_target="public.accounts row (0,1)", lock_wait_s=6.0)
              for place in range(waiters - 1)]
    return [backend(root, transaction_age_s=9.0), first, *others]


def in_line(backends: list[Backend]) -> list[BlockedSession]:
    waiting = [item for item in backends if item.lock_type is not None]
    return [BlockedSession(item.pid, item.lock_wait_s, str(item.lock_type), "ShareLock", item.blocked_by, len(waiting),
                           90.0) for item in waiting]


def test_a_line_for_a_row_has_another_root_each_time() -> None:
    """On a busy machine those who had to stand in line have old transactions: what counts is who holds the row for how
    long. A look between two transactions sees nobody hold it."""
    memory = Memory()
    for after_s, backends in ((0.0, line(7, 12, 0.4)), (1.0, line(7, 12, 0.4)[1:]), (2.0, line(8, 11, 0.1))):
        (*_, found) = [diagnose(memory.take(observed(
            (SESSIONS, backends), (BLOCKED_SESSIONS, in_line(backends)), after_s=after_s)))]
    (finding,) = found
    assert finding.kind == "hot_row" and "11 sessions are in line for the same row" in finding.summary
    assert "public.accounts row (0,1)" in {item.value for item in finding.evidence}


def test_who_keeps_the_row_is_a_root_blocker_whoever_was_before() -> None:
    memory = Memory()
    diagnose(memory.take(observed((SESSIONS, line(7, 12, 0.4)), (BLOCKED_SESSIONS, in_line(line(7, 12, 0.4))))))
    kept = line(8, 12, 6.0)
    (finding,) = diagnose(memory.take(observed((SESSIONS, kept), (BLOCKED_SESSIONS, in_line(kept)), after_s=8.0)))
    assert finding.kind == "long_statement" and "pid 8" in finding.summary


def test_a_prepared_transaction_never_lets_go_by_itself() -> None:
    waiters = [backend(100 + place, 0, prepared=["order-77"], lock_wait_s=48.0) for place in range(9)]
    waiting = [BlockedSession(item.pid, 48.0, "transactionid", "ShareLock", [0], 9, 9 * 48.0) for item in waiters]
    (finding,) = said((SESSIONS, waiters), (BLOCKED_SESSIONS, waiting))
    assert finding.kind == "prepared_transaction"


def test_a_name_that_a_person_gave_forges_nothing() -> None:
    root = idle_in_transaction(7, application="x\x1b[31m\n" + "y" * 60, query="UPDATE t\nSET \x1b[2J a = 1")
    findings = said((SESSIONS, [root, *(backend(100 + place, 7) for place in range(9))]))
    (finding,) = findings
    texts = [finding.summary, finding.next, *(item.value for item in finding.evidence)]
    assert all(text.isprintable() for text in texts) and "…" in finding.summary and "pid 7" in finding.summary


def test_what_a_role_may_not_see_is_not_made_up() -> None:
    root = backend(7, state=None, query=None, query_age_s=None, transaction_age_s=None, state_age_s=None,
                   is_hidden=True)
    (finding,) = said((SESSIONS, [root, *(backend(100 + place, 7) for place in range(9))]))
    assert finding.kind == "root_blocker" and "pg_monitor" in finding.next
    assert finding.summary == "api (pid 7, app_rw) blocks 9 sessions; this role may not see what it does"


def test_the_most_urgent_comes_first() -> None:
    found = [Finding(kind=kind, severity=severity, weight=weight, summary="", next="", subject=Subject(screen="x"))
             for kind, severity, weight in (("a", "info", 9.0), ("b", "warning", 1.0), ("c", "critical", 1.0),
                                            ("d", "warning", 2.0), ("e", "critical", 5.0))]
    assert kinds(most_urgent_first(found)) == ["e", "c", "d", "b", "a"]


def test_who_took_the_connections() -> None:
    counts = SessionCounts(95, 5, 90, 0, 0, 0, 100, 3)
    sessions = [backend(pid, state="idle", application="api" if pid < 90 else "web") for pid in range(1, 96)]
    (finding,) = said((SESSION_COUNTS, [counts]), (SESSIONS, sessions))
    assert finding.severity == "critical" and "95 of 97 connections are taken, 2 left: api has 89, 89 idle" in \
        finding.summary
    assert said((SESSION_COUNTS, [replace(counts, connections=70)])) == []


STANDBY = Standby(9, "eu-2", "streaming", "async", 0, None)


def test_a_standby_that_was_there_is_missed() -> None:
    memory = Memory()
    for after_s in range(0, 60, 5):
        assert diagnose(memory.take(observed((STANDBYS, [STANDBY]), after_s=after_s))) == []
    assert diagnose(memory.take(observed((STANDBYS, []), after_s=60))) == [], "it may come back at once"
    (finding,) = diagnose(memory.take(observed((STANDBYS, []), after_s=80)))
    assert finding.kind == "standby_lost" and finding.since == NOW + dt.timedelta(seconds=55)
    assert diagnose(memory.take(observed((STANDBYS, [STANDBY]), after_s=90))) == []
    assert diagnose(Memory().take(observed((STANDBYS, [])))) == [], "who never saw one misses none"


def test_a_standby_is_not_missed_where_nobody_could_look() -> None:
    memory = Memory()
    for after_s in range(0, 60, 5):
        memory.take(observed((STANDBYS, [STANDBY]), after_s=after_s))
    assert diagnose(memory.take(observed(after_s=90))) == []


SLOT = ReplicationSlot("old", "physical", None, False, False, "reserved", None, 2**30, 3600.0)


@pytest.mark.parametrize(("slot", "kind"), [
    (SLOT, "slot_unread"), (replace(SLOT, wal_status="lost"), "slot_lost"), (replace(SLOT, is_active=True), None),
    (replace(SLOT, retained_bytes=None), None), (replace(SLOT, inactive_age_s=5.0), None)])
def test_slots(slot: ReplicationSlot, kind: str | None) -> None:
    assert kinds(said((REPLICATION_SLOTS, [slot]))) == ([kind] if kind else [])
    assert said((REPLICATION_SLOTS, [slot]), info=server(is_standby=True)) == [], "a standby's follow its primary's"


def test_transaction_numbers_run_out() -> None:
    ages = [FreezeAge("a", 1_900_000_000, 5, 200_000_000), FreezeAge("b", 100, 1_300_000_000, 200_000_000),
            FreezeAge("c", 190_000_000, 0, 200_000_000)]
    findings = said((FREEZE_AGES, ages))
    assert [(finding.subject.database, finding.severity) for finding in findings] == [
        ("a", "critical"), ("b", "warning")]
    assert "multixacts" in findings[1].summary
    holder = backend(7, transaction_age_s=9e6, xmin_age=1_850_000_000, state="idle in transaction", lock_type=None)
    assert "holds VACUUM back" in said((FREEZE_AGES, ages[:1]), (SESSIONS, [holder]))[0].summary


def test_autovacuum_that_does_not_keep_up() -> None:
    tables = [VacuumTable("public", f"t{number}", 10, 50_000, 10_000.0, 0, None, 0, None, 5, None, True, 900.0, None, 3)
              for number in range(4)]
    busy = Autovacuum(3, 3, True, 5, 5, 200_000_000)
    assert kinds(said((AUTOVACUUM, [busy]), (VACUUM_TABLES, tables))) == ["autovacuum_starved"]
    assert said((AUTOVACUUM, [replace(busy, workers=2)]), (VACUUM_TABLES, tables)) == []
    assert said((AUTOVACUUM, [busy]), (VACUUM_TABLES, tables[:3])) == []


def test_a_subscription_without_a_worker() -> None:
    subscription = SubscriptionState("orders", True, ["all"], "orders", None, None, None, 0)
    assert kinds(said((SUBSCRIPTIONS, [subscription]))) == ["subscription_stopped"]
    assert said((SUBSCRIPTIONS, [replace(subscription, is_enabled=False)])) == []
    (disabled,) = said((SUBSCRIPTIONS, [replace(subscription, is_enabled=False, apply_errors=3)]))
    assert "which is disabled (3 errors since the statistics began)" in disabled.summary
    assert said((SUBSCRIPTIONS, [replace(subscription, pid=4)])) == []


def test_the_disk() -> None:
    assert [finding.severity for finding in said(disks={DATA: 96.0})] == ["critical"]
    assert said(disks={DATA: 50.0}) == [] and said(disks={}) == []


def test_a_disk_that_fills_says_when_it_is_full() -> None:
    """No farther ahead than five times as long as it was watched: two minutes say nothing of the next hour."""
    memory = Memory()
    for after_s in range(0, 600, 20):
        found = diagnose(memory.take(observed(after_s=after_s, disks={DATA: 10.0, PG_WAL: 60.0 + after_s / 60})))
        assert bool(found) is (after_s >= 400), after_s
    (finding,) = found
    assert finding.severity == "warning"
    assert finding.summary == "the disk of pg_wal is 70 % full and will be full in 30 min as it fills now"
    steady = Memory()
    for after_s in range(0, 600, 20):
        assert diagnose(steady.take(observed(after_s=after_s, disks={DATA: 80.0}))) == []


def test_a_slot_that_keeps_what_fills_the_disk_is_named() -> None:
    slot = replace(SLOT, inactive_age_s=5.0)
    (finding,) = said((REPLICATION_SLOTS, [slot]), (WAL_DIRECTORY, [WalDirectory(70, 2**30 + 2**24)]),
                      (CHECKPOINTS, []), disks={DATA: 96.0})
    assert finding.summary.endswith("96 % full; replication slot old keeps 1.0 GB of WAL")


def statement(calls: int, mean_ms: float) -> StatementEntry:
    values = dict.fromkeys(NAMES, 0.0) | {"calls": calls, "exec_ms": calls * mean_ms, "rows": calls,
                                          "shared_hit": 4.0 * calls, "since_s": 0.0}
    return StatementEntry(10, 20, True, 4711, " ".join(str(values[name]) for name in NAMES))


def test_a_statement_that_runs_more_often_than_minutes_before() -> None:
    """Its own past is the measure: a load that has always been so is none."""
    memory, calls = Memory(), 1000
    info = server()
    for step in range(8):
        calls += 40 * 10 if step < 6 else 40 * 2000
        rows = ((read.counters(info), [statement(calls, 4.0)]), (read.STANDING, [StatsInfo(
            1000.0 + 40 * step, None, None, 0, 5000, "top", False, True, 8192)]))
        found = diagnose(memory.take(observed(*rows, after_s=40.0 * step, info=info)))
        assert (kinds(found) == ["statement_more_frequent"]) is (step >= 6), (step, kinds(found))
    assert "runs 2 000 times a second instead of 10, and keeps 8 sessions busy" in found[0].summary


def test_a_damaged_page() -> None:
    damaged = replace(counters(0)[0], checksum_failures=2)
    (finding,) = said((DATABASE_COUNTERS, [damaged]))
    assert finding.kind == "checksum_failures" and finding.severity == "critical" and "2 pages" in finding.summary
    assert said((DATABASE_COUNTERS, [replace(damaged, checksum_failures=None)])) == []


def counters(deadlocks: int, reset: dt.datetime | None = None) -> list[DatabaseCounters]:
    return [DatabaseCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, deadlocks, 0, 0, 0.0, 0.0, reset)]


def test_counters_that_began_anew_grow_by_nothing() -> None:
    memory = Memory()
    memory.take(observed((DATABASE_COUNTERS, counters(3))))
    assert kinds(diagnose(memory.take(observed((DATABASE_COUNTERS, counters(6)), after_s=5)))) == ["deadlocks"]
    assert diagnose(memory.take(observed((DATABASE_COUNTERS, counters(9, NOW)), after_s=10))) == []


def test_a_server_that_has_restarted_has_no_past() -> None:
    memory = Memory()
    memory.take(observed((DATABASE_COUNTERS, counters(3))))
    other = server(started_at=NOW + dt.timedelta(seconds=3))
    assert diagnose(memory.take(observed((DATABASE_COUNTERS, counters(9)), after_s=5, info=other))) == []


def test_deadlocks_say_between_whom_and_one_now_and_then_is_not_worth_a_word() -> None:
    memory = Memory()
    for after_s in range(0, 600, 30):  # one in 90 s, as programs have it that try again
        assert diagnose(memory.take(observed((DATABASE_COUNTERS, counters(after_s // 90)), after_s=after_s))) == []
    often = Memory()
    circle = (SESSIONS, [backend(1, 2, application="api"), backend(2, 1, application="billing"), backend(3, 2)])
    for after_s in (0, 5):
        found = diagnose(often.take(observed((DATABASE_COUNTERS, counters(after_s)), circle, after_s=after_s)))
    (finding,) = found
    assert "5 deadlocks" in finding.summary and "between api and billing" in finding.summary
    assert sum("pid" in item.label for item in finding.evidence) == 2


def test_processors_are_saturated_only_where_the_machine_is_known() -> None:
    def looks(running: int, **machine: Any) -> list[Finding]:
        memory = Memory()
        for after_s in range(0, 40, 10):
            busy = [backend(pid) for pid in range(1, running + 1)]
            found = diagnose(memory.take(observed((SESSIONS, busy), after_s=after_s, **machine)))
        return found

    assert kinds(looks(16, cores=4, cpu_percent=99.0)) == ["cpu_saturated"]
    assert "16 sessions run at a time on 4 cores" in looks(16, cores=4, cpu_percent=99.0)[0].summary
    assert looks(16) == [] and looks(16, cores=4, cpu_percent=60.0) == []
    assert looks(7, cores=4, cpu_percent=99.0) == [] and looks(16, cores=16, cpu_percent=99.0) == []


def test_a_setting_of_a_role_or_a_database_that_endangers_data() -> None:
    found = said((RISKY_OVERRIDES, [RiskyOverride("shop", "App", "synchronous_commit", "off"),
                                    RiskyOverride(None, None, "zero_damaged_pages", "on")]))
    assert [(finding.severity, finding.subject.role) for finding in found] == [("critical", None), ("info", "App")]
    assert found[1].summary.startswith("synchronous_commit is off for role App in database shop: a crash loses")
    assert 'ALTER ROLE "App" IN DATABASE shop RESET synchronous_commit' in found[1].next
    assert "ALTER ROLE ALL RESET zero_damaged_pages" in found[0].next


def test_what_may_have_changed_a_plan_is_about_the_tables_that_it_names() -> None:
    text = "SELECT * FROM shop.items WHERE code = $1"
    scans = TableScans(1, "shop", "items", 5000, 10, 50_000, 5, 2)
    memory = Memory()
    memory.take(observed((TABLE_SCANS, [replace(scans, indexes=3)])))
    case = memory.take(observed(
        (TABLE_SCANS, [scans, replace(scans, oid=2, table="others", indexes=0)]), after_s=60.0,
        changes=[Change(NOW - dt.timedelta(hours=1), "restart"), Change(NOW, "migration shop 0012")]))
    found = [evidence.value for evidence in reasons(case, text)]
    assert len(found) == 2 and found[0].startswith("1 index of items is gone since ")
    assert found[1].startswith("migration shop 0012 at ")
    invalid = [InvalidIndex("shop", "items", "items_code", False, 2), InvalidIndex("shop", "others", "o", False, 2)]
    stale = VacuumTable("shop", "items", 5000, 0, None, 0, None, 4000, None, 5, None, True, None, None, 3)
    case = Memory().take(observed((INVALID_INDEXES, invalid), (VACUUM_TABLES, [stale])))
    assert [evidence.value for evidence in reasons(case, text)] == [
        "its index shop.items_code is invalid",
        "items was never analyzed, and 4 000 of its rows have changed since"]
    assert reasons(case, None) == ()


def test_what_was_there_when_we_first_looked_began_nobody_knows_when() -> None:
    memory = Memory()
    full = (SESSION_COUNTS, [SessionCounts(97, 97, 0, 0, 0, 0, 100, 3)])
    (first,) = diagnose(memory.take(observed(full)))
    assert first.since is None
    assert diagnose(memory.take(observed(after_s=5))) == []
    (again,) = diagnose(memory.take(observed(full, after_s=10)))
    assert again.since == NOW + dt.timedelta(seconds=10)


def test_where_others_may_plant_what_is_run() -> None:
    found = said((OPEN_SCHEMAS, [OpenSchema("Shop", "ann", False, ["app", "b\x1b[31m"]),
                                 OpenSchema("public", "postgres", True, ["app"])]))
    assert [(finding.severity, finding.subject.schema) for finding in found] == [
        ("warning", "public"), ("info", '"Shop"')]
    assert found[0].summary.startswith("every role may create objects in the schema public")
    assert "ON SCHEMA public FROM PUBLIC" in found[0].next and "CVE-2018-1058" in found[0].next
    assert found[1].summary.startswith("app, b") and found[1].summary.isprintable()


def test_rows_that_were_not_asked_again_keep_their_time() -> None:
    times, rows = ReadTimes(), [1, 2]
    first = times.take({"a": rows, "b": []}, NOW)
    later = NOW + dt.timedelta(seconds=5)
    assert first == {"a": NOW, "b": NOW} and times.take({"a": list(rows), "b": []}, later) == {"a": NOW, "b": later}


def test_a_kind_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(case: Case) -> list[Finding]:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(module, "KINDS", (fails, *module.KINDS))
    assert kinds(said(disks={DATA: 96.0})) == ["disk_full"]
    assert log.forget()


def test_a_snapshot_that_failed_changes_nothing_and_one_from_before_begins_anew() -> None:
    diagnosis = Diagnosis()
    info = server()
    diagnosis.take(Snapshot(monotonic_s=0.0), ())
    assert diagnosis.findings == []
    for after_s in (0.0, 5.0, 2.0):
        diagnosis.take(Snapshot(monotonic_s=after_s, taken_at=NOW + dt.timedelta(seconds=after_s), info=info), ())
    assert diagnosis.findings == []


def test_the_manual_names_every_kind() -> None:
    page = topics.text("diagnose")
    source = "".join(path.read_text("utf-8") for path in Path(console.__file__).parent.glob("diagnosis/kinds/*.py"))
    named = set(re.findall(r'(?:kind=|Holder\(|\(|return \()"([a-z]+_[a-z_]+)"', source)) & set(
        re.findall(r"`([a-z_]+)`", page))
    literal = set(re.findall(r'kind="([a-z_]+)"', source))
    assert literal <= named | set(re.findall(r"`([a-z_]+)`", page)), "the page lists the kinds"


def test_a_root_that_was_young_when_all_sessions_were_read_grows_old() -> None:
    """All sessions are read every ten seconds: until then the oldest transactions tell how old the root's is."""
    young = idle_in_transaction(7, transaction_age_s=2.0, state_age_s=2.0)
    sessions = (SESSIONS, [young, *(backend(100 + place, 7, lock_wait_s=2.0) for place in range(16))])
    opened = OpenTransaction(7, "billing", "console", "report", "idle in transaction", 9.0, 9.0)
    memory, waits = Memory(), (BLOCKED_SESSIONS, blocked(16, 9.0))
    read_at = {SESSIONS.name: NOW}
    found = diagnose(memory.take(observed(sessions, waits, (OPEN_TRANSACTIONS, [opened]), after_s=7, read_at=read_at)))
    assert kinds(found) == ["idle_in_transaction"] and "for 9.0 s" in found[0].summary
