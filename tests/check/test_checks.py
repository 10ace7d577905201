"""What each check makes of what it reads: records in, a verdict out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from console.activity.summary.read import BLOCKED_SESSIONS, OPEN_TRANSACTIONS, SESSION_COUNTS
from console.activity.summary.records import BlockedSession, OpenTransaction, SessionCounts
from console.check.evaluation import evaluate
from console.check.records import CheckContext, CheckResult, Status
from console.check.registry import configured
from console.config import BackupConfig, Config
from console.metrics.reads.counters import (
    CLUSTER_NAME,
    DATABASE_COUNTERS,
    DATABASE_SIZE,
    FREEZE_AGES,
    INVALID_INDEXES,
    PREPARED_TRANSACTIONS,
    RECOVERY,
    REPLICATION_SLOTS,
    SERVER_CLOCK,
    STANDBYS,
)
from console.metrics.records.counters import (
    ClusterName,
    DatabaseCounters,
    DatabaseSize,
    FreezeAge,
    InvalidIndex,
    PreparedTransaction,
    Recovery,
    ReplicationSlot,
    ServerClock,
    Standby,
)
from console.server.info import NEWEST_MAJOR, OLDEST_MAJOR
from console.server.query import Query
from console.server.target import Target
from tests.check.given import CHECKS, CLOCK, NOW, context, readings, vector

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def judged(name: str, *answers: tuple[Query[Any], list[Any]], on: CheckContext | None = None) -> CheckResult:
    """The result of one check with its default thresholds."""
    checks = [check for check in configured(Config()) if check.check.name == name]
    (result,) = evaluate(checks, readings(*answers), on or context())
    return result


def counts(connections: int = 10, hidden: int = 0, limit: int = 103) -> tuple[Query[Any], list[Any]]:
    return SESSION_COUNTS, [SessionCounts(connections, 1, connections - 1 - hidden, 0, 0, hidden, limit, 3)]


def open_for(age_s: float, state: str = "active", state_age_s: float = 0.0, pid: int = 7) -> OpenTransaction:
    return OpenTransaction(pid, "bob", "app", "report", state, age_s, state_age_s)


def test_connection_reports_the_round_trip_without_the_servers_work() -> None:
    result = judged("connection", (SERVER_CLOCK, [CLOCK]))
    assert (result.status, result.value, result.unit) == (OK, pytest.approx(2.0), "ms")


@pytest.mark.parametrize(("taken", "version_num", "status", "behind", "words"), [
    (NOW, 180007, OK, 0, "18.7, supported until 2030-11-14"),
    (NOW, 180006, OK, 1, "18.7 of 2026-11-12 is newer"),
    (NOW, 170009, WARNING, 3, "17.12 of 2026-11-12 is newer"),
    (NOW, 190000, OK, 0, "19.0, supported for five years from 2026-11-19"),
    (NOW, 200000, WARNING, None, "newer than what dbconsole knows"),
    (NOW, 140020, WARNING, 5, "no fixes since 2026-11-12; 14.25"),
    (NOW, 140025, WARNING, 0, "no fixes since 2026-11-12"),
    (dt.datetime(2026, 11, 12, 23, tzinfo=dt.UTC), 140024, OK, 1, "supported until 2026-11-12"),
])
def test_server_version_knows_ends_of_life_and_minor_releases(
        taken: dt.datetime, version_num: int, status: Status, behind: int | None, words: str) -> None:
    clock = (SERVER_CLOCK, [ServerClock(taken, taken)])
    found = judged("server_version", clock, on=context(version_num=version_num))
    assert (found.status, found.value) == (status, behind) and words in found.summary


def test_server_version_has_a_release_for_each_major_version_that_is_known() -> None:
    from console.check.checks.server_version import RELEASES

    assert [*RELEASES] == [*range(OLDEST_MAJOR, NEWEST_MAJOR + 1)]


def test_role_warns_of_a_primary_that_is_read_only_by_default() -> None:
    assert judged("role").status is OK
    assert judged("role", on=context(is_read_only=True)).status is WARNING
    assert judged("role", on=context(is_read_only=True, read_only=True)).status is OK
    assert judged("role", on=context(is_read_only=True, is_standby=True)).status is OK


def test_role_without_privileges_is_ok_and_names_the_grant() -> None:
    result = judged("role", on=context(is_superuser=False, quoted_user='"o\'b"'))
    assert result.status is OK and result.hint is not None and "GRANT pg_monitor TO \"o'b\"" in result.hint


@pytest.mark.parametrize(("taken", "status"), [(10, OK), (80, OK), (81, WARNING), (95, WARNING), (96, CRITICAL)])
def test_connections_alert_beyond_the_threshold(taken: int, status: Status) -> None:
    result = judged("connections", counts(taken))
    assert (result.status, result.value) == (status, taken)


def test_long_transactions_take_the_oldest() -> None:
    result = judged("long_transactions", (OPEN_TRANSACTIONS, [open_for(10), open_for(1801, pid=8)]), counts())
    assert (result.status, result.value) == (WARNING, 1801) and "pid 8" in result.summary
    assert judged("long_transactions", (OPEN_TRANSACTIONS, []), counts()).value == 0


def test_hidden_sessions_are_no_alert_and_no_zero() -> None:
    for name in ("long_transactions", "idle_in_transaction"):
        result = judged(name, (OPEN_TRANSACTIONS, []), counts(hidden=4), on=context(is_superuser=False))
        assert (result.status, result.value) == (OK, None)
        assert "4 sessions hidden" in result.summary and result.hint == "GRANT pg_monitor TO ann"


def test_idle_in_transaction_measures_idleness_not_the_transaction() -> None:
    sessions = [open_for(9000, "active"), open_for(9000, "idle in transaction", 301),
                open_for(400, "idle in transaction (aborted)", 20)]
    result = judged("idle_in_transaction", (OPEN_TRANSACTIONS, sessions), counts())
    assert (result.status, result.value) == (WARNING, 301) and "2 sessions" in result.summary


def test_blocked_sessions_name_the_blocker() -> None:
    waiting = [BlockedSession(9, 48.0, "relation", "AccessExclusiveLock", [0, 4711], 3),
               BlockedSession(10, None, "relation", "AccessShareLock", None, 3)]
    result = judged("blocked_sessions", (BLOCKED_SESSIONS, waiting))
    assert (result.status, result.value) == (WARNING, 48)
    assert "3 sessions" in result.summary and "a prepared transaction and pid 4711" in result.summary


def test_blocked_sessions_count_by_how_many_and_how_long() -> None:
    """Sixteen sessions that have waited 26 s each are as urgent as one that has waited for seven minutes."""
    waiting = [BlockedSession(pid, 26.0, "tuple", "ExclusiveLock", [4711], 16, 416.0) for pid in range(5)]
    result = judged("blocked_sessions", (BLOCKED_SESSIONS, waiting))
    assert (result.status, result.value) == (CRITICAL, 416.0) and "16 sessions for 7 min together" in result.summary
    assert judged("blocked_sessions", (BLOCKED_SESSIONS, waiting[:1])).status is CRITICAL
    alone = [BlockedSession(1, 26.0, "tuple", "ExclusiveLock", [4711], 1, 26.0)]
    assert judged("blocked_sessions", (BLOCKED_SESSIONS, alone)).status is OK



@pytest.mark.parametrize(("hit", "read", "status"), [
    (99_000, 1_001, OK), (94_000, 6_001, WARNING), (0, 200_000, WARNING), (10, 90, OK), (0, 0, OK)])
def test_cache_hit_judges_only_when_enough_was_read(hit: int, read: int, status: Status) -> None:
    counters = DatabaseCounters(1, 0, read, hit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, None)
    assert judged("cache_hit", (DATABASE_COUNTERS, [counters])).status is status


@pytest.mark.parametrize(("transactions", "multixacts", "status"), [
    (200_000_000, 0, OK), (1_100_000_000, 0, WARNING), (5, 1_100_000_000, WARNING), (1_500_000_000, 0, CRITICAL)])
def test_wraparound_takes_the_nearer_of_both(transactions: int, multixacts: int, status: Status) -> None:
    ages = [FreezeAge("app", transactions, multixacts, 200_000_000), FreezeAge("template0", 5, 5, 200_000_000)]
    result = judged("wraparound", (FREEZE_AGES, ages))
    assert result.status is status and ("multixacts" in result.summary) == (multixacts > transactions)


def test_invalid_indexes_are_named() -> None:
    assert judged("invalid_indexes", (INVALID_INDEXES, [])).value == 0
    result = judged("invalid_indexes", (INVALID_INDEXES, [InvalidIndex("s", "t", "i_ccnew", True, 12)]))
    assert (result.status, result.value) == (WARNING, 12) and "s.i_ccnew" in result.summary


def standby(lag_s: float | None, lag_bytes: int | None = 1024, state: str | None = "streaming") -> Standby:
    return Standby(1, "walreceiver", state, "async" if state else None, lag_bytes, lag_s)


@pytest.mark.parametrize(("standbys", "status", "value"), [
    ([], OK, None),
    ([standby(None, 0)], OK, 0),
    ([standby(0.2), standby(31.0)], WARNING, 31),
    ([standby(301.0)], CRITICAL, 301),
    ([standby(None, None, None)], OK, None),
    ([standby(None, 99)], OK, None),
])
def test_replication_lag_of_a_primary(standbys: list[Standby], status: Status, value: float | None) -> None:
    result = judged("replication_lag", (STANDBYS, standbys))
    assert (result.status, result.value) == (status, value)


def test_a_standby_without_a_measured_delay_is_not_said_to_have_none() -> None:
    summary = judged("replication_lag", (STANDBYS, [standby(None, 2 << 30)])).summary
    assert summary == "1 standby, 2.0 GB behind, no delay measured yet"


@pytest.mark.parametrize(("recovery", "status", "value"), [
    (Recovery(True, False, 0, 4000.0), OK, 0),
    (Recovery(True, False, 10, 40.0), WARNING, 40),
    (Recovery(False, False, 0, 4000.0), CRITICAL, 4000),
    (Recovery(False, False, None, None), OK, None),
])
def test_replication_lag_of_a_standby(recovery: Recovery, status: Status, value: float | None) -> None:
    result = judged("replication_lag", (STANDBYS, []), (RECOVERY, [recovery]), on=context(is_standby=True))
    assert (result.status, result.value) == (status, value)


def slot(retained: int | None, wal_status: str | None = "reserved", is_active: bool = True,
         inactive_s: float | None = None) -> ReplicationSlot:
    return ReplicationSlot("old", "physical", None, is_active, False, wal_status, None, retained, inactive_s)


@pytest.mark.parametrize(("slots", "status"), [
    ([], OK), ([slot(1000), slot(None, None)], OK), ([slot(2**30 + 1)], WARNING), ([slot(11 * 2**30)], CRITICAL),
    ([slot(1000, "unreserved")], WARNING), ([slot(None, "lost"), slot(1000)], CRITICAL),
    ([slot(1000, is_active=False)], WARNING), ([slot(None, None, is_active=False)], OK),
    ([slot(1000, is_active=False, inactive_s=59)], OK), ([slot(1000, is_active=False, inactive_s=61)], WARNING)])
def test_replication_slots(slots: list[ReplicationSlot], status: Status) -> None:
    assert judged("replication_slots", (REPLICATION_SLOTS, slots)).status is status


def test_database_size_alerts_only_where_configured() -> None:
    result = judged("database_size", (DATABASE_SIZE, [DatabaseSize("app", 2**45)]))
    assert (result.status, result.warning, result.unit) == (OK, None, "B") and "32 TB" in result.summary


@pytest.mark.parametrize(("extensions", "status"), [
    ({}, OK), (vector("0.8.1", "0.8.1"), OK), (vector("0.8.0", "0.10.0"), WARNING), (vector("0.10.0", "0.8.0"), OK),
    (vector("0.8.1", None), WARNING), (vector("0.4.4", "0.4.4"), WARNING)])
def test_vector_extension(extensions: dict[str, Any], status: Status) -> None:
    assert judged("vector_extension", on=context(extensions=extensions)).status is status


def test_prepared_transactions_take_the_oldest() -> None:
    assert judged("prepared_transactions", (PREPARED_TRANSACTIONS, [])).value == 0
    forgotten = PreparedTransaction("gid", "bob", "app", 301.0, 2)
    result = judged("prepared_transactions", (PREPARED_TRANSACTIONS, [forgotten]))
    assert (result.status, result.value) == (WARNING, 301) and "gid of bob" in result.summary


def test_what_was_not_answered_is_unknown() -> None:
    backup = BackupConfig(folder=Path("backups"), archive=Path("archive"))
    on = CheckContext(context().info, Target(name="t", standbys=("db2",), backup=backup))
    for name, check in CHECKS.items():
        if check.reads and all(query.obstacle(on.info) is None for query in check.reads):
            assert judged(name, on=on).status is UNKNOWN, name


def test_a_check_that_fails_is_unknown_and_alone() -> None:
    results = evaluate([check for check in configured(Config()) if check.check.name in ("wraparound", "role")],
                       readings((FREEZE_AGES, [])), context())
    assert {result.name: result.status for result in results} == {"role": OK, "wraparound": UNKNOWN}


def test_text_of_the_server_is_made_harmless() -> None:
    evil = PreparedTransaction("a\x1b[31m|b\n\u202ec\ud800", "bob", "app", 1.0, 1)
    result = judged("prepared_transactions", (PREPARED_TRANSACTIONS, [evil]))
    assert "a\ufffd[31m|b \ufffdc\ufffd of bob" in result.summary


@pytest.mark.parametrize(("named", "connected", "own", "status", "words"), [
    (("db2", "db3"), ("db2", "db3"), "", OK, "all 2 are connected"),
    (("db2", "db3"), ("db3", "other"), "", CRITICAL, "not connected: db2"),
    (("db1", "db2"), ("db1",), "db2", OK, "all 2 are connected"), (("db2",), (), "", CRITICAL, "not connected: db2"),
    (("db2",), (None,), "", UNKNOWN, "hidden from this role"), ((), (), "", OK, "no standby is named"),
])
def test_a_standby_that_is_expected_is_missed(named: tuple[str, ...], connected: tuple[str | None, ...], own: str,
                                              status: Status, words: str) -> None:
    """Hidden from a role is neither there nor lost; its own name, which it has after a failover, is not missed."""
    rows = [Standby(7, name, name and "streaming", None, 0, None) for name in connected]
    target = Target(name="t", standbys=named)
    found = judged("standbys", (STANDBYS, rows), (CLUSTER_NAME, [ClusterName(own)]),
                   on=CheckContext(context().info, target))
    assert found.status is status and words in found.summary
    on_standby = CheckContext(context(is_standby=True).info, target)
    assert judged("standbys", (STANDBYS, rows), (CLUSTER_NAME, [ClusterName(own)]), on=on_standby).status is OK
