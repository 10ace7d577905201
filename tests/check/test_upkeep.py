"""What the checks of upkeep (archive, checkpoints, vacuum, sequences, indexes, settings) make of what they read."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

import console
from console.check.records import Status
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.metrics.reads.settings import GUARDING_SETTINGS, PENDING_SETTINGS
from console.metrics.reads.tables import (
    DEAD_ROWS,
    DUPLICATE_INDEXES,
    SEQUENCE_USE,
    TABLE_FREEZE_AGES,
    UNUSED_INDEXES,
)
from console.metrics.reads.upkeep import (
    ARCHIVER_STATE,
    CHECKPOINT_COUNTS,
    DISK_WRITE,
    LAST_CHECKPOINT,
    SCHEDULED_JOBS,
    SLOW_STATEMENTS,
    STATISTICS_AGE,
)
from console.metrics.records.settings import GuardingSetting, PendingSetting
from console.metrics.records.tables import DeadRows, DuplicateIndex, SequenceUse, TableFreezeAge, UnusedIndex
from console.metrics.records.upkeep import (
    ArchiverState,
    CheckpointCounts,
    DiskWrite,
    LastCheckpoint,
    ScheduledJob,
    SlowStatementStats,
    StatisticsAge,
)
from console.metrics.settings_advice import GUARDING
from console.server.info import Extension
from console.server.query import Query
from tests.check.given import context
from tests.check.test_checks import judged

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
DAY = 86400.0
SEGMENT = 16 * 2**20


def archiver(**changed: Any) -> tuple[Query[Any], list[Any]]:
    quiet = ArchiverState("on", False, None, None, 30.0, 0, 0, SEGMENT)
    return ARCHIVER_STATE, [replace(quiet, **changed)]


@pytest.mark.parametrize(("changed", "status", "value", "words"), [
    ({"mode": "off"}, OK, None, "does not archive"),
    ({}, OK, 0, "archived 30 s ago"),
    ({"last_archived_age_s": None, "waiting_segments": None}, OK, None, "nothing has been archived"),
    ({"waiting_segments": 10}, OK, 10, "10 segments wait (160 MB)"),
    ({"waiting_segments": 11}, WARNING, 11, "11 segments wait"),
    ({"waiting_segments": 65}, CRITICAL, 65, "1.0 GB"),
    ({"is_failing": True, "last_failed_wal": "0A", "last_failed_age_s": 4.0}, WARNING, 0, "archiving 0A failed 4.0 s"),
    ({"is_failing": True, "last_failed_wal": "0A", "last_failed_age_s": 4.0, "waiting_segments": 65}, CRITICAL, 65,
     "65 segments wait"),
    ({"is_failing": True, "last_failed_wal": "0A.history", "last_failed_age_s": 4.0, "waiting_segments": None},
     WARNING, None, "0A.history"),
])
def test_archiver_fails_or_lags(changed: dict[str, Any], status: Status, value: float | None, words: str) -> None:
    result = judged("archiver", archiver(**changed))
    assert (result.status, result.value) == (status, value) and words in result.summary
    assert (result.hint is None) == (status is OK)


def test_a_standby_archives_only_when_told_to() -> None:
    failing = archiver(is_failing=True, last_failed_wal="0A", last_failed_age_s=1.0)
    assert judged("archiver", failing, on=context(is_standby=True)).status is OK
    always = (failing[0], [replace(failing[1][0], mode="always")])
    assert judged("archiver", always, on=context(is_standby=True)).status is WARNING


def counted(seconds: float, reset: bool = True, cluster_s: float | None = 900 * DAY) -> tuple[Query[Any], list[Any]]:
    return STATISTICS_AGE, [StatisticsAge(seconds if reset else None, seconds, cluster_s)]


@pytest.mark.parametrize(("timed", "requested", "seconds", "status"), [
    (0, 0, DAY, OK), (0, 19, DAY, OK), (10, 10, DAY, OK), (9, 11, DAY, WARNING), (500, 20, DAY, OK), (0, 50, 3500, OK)])
def test_checkpoints_are_judged_when_there_were_some(timed: int, requested: int, seconds: float,
                                                     status: Status) -> None:
    counts = CHECKPOINT_COUNTS, [CheckpointCounts(timed, requested)]
    assert judged("checkpoints_requested", counts, counted(seconds)).status is status


@pytest.mark.parametrize(("age_s", "segments", "status", "value"), [
    (30, 9, OK, 10), (570, 99, OK, 190), (901, 2, WARNING, 900 / 3), (901, 1.9, OK, 0), (DAY, 0, OK, 0),
    (3001, 500, CRITICAL, 1000)])
def test_a_checkpoint_is_missed_while_something_is_written(age_s: float, segments: float, status: Status,
                                                           value: float) -> None:
    last = LastCheckpoint(age_s, 300.0, int(segments * SEGMENT), SEGMENT)
    result = judged("last_checkpoint", (LAST_CHECKPOINT, [last]))
    assert result.status is status and result.value == pytest.approx(value, rel=0.01)
    assert (result.hint is None) == (status is OK)


def test_a_disk_that_was_not_tried_is_said_to_be_unknown() -> None:
    assert "was written" in judged("disk_write", (DISK_WRITE, [DiskWrite(112 * 1024)])).summary
    untried = judged("disk_write", (DISK_WRITE, [DiskWrite(None)]))
    assert untried.status is Status.UNKNOWN and "allows no try" in untried.summary


@pytest.mark.parametrize(("deadlocks", "seconds", "status", "value"), [
    (0, 60, OK, 0), (10, 60, OK, 10), (11, 60, WARNING, 11), (11, 2 * DAY, OK, 5.5), (30, 2 * DAY, WARNING, 15)])
def test_deadlocks_are_counted_a_day(deadlocks: int, seconds: float, status: Status, value: float) -> None:
    counters = DATABASE_COUNTERS, [SimpleNamespace(deadlocks=deadlocks)]
    result = judged("deadlocks", counters, counted(seconds))
    assert (result.status, result.value) == (status, value)


@pytest.mark.parametrize(("gigabytes", "seconds", "status", "value"), [
    (0, 60, OK, 0), (5, 60, OK, 5), (6, 60, WARNING, 6), (6, 7200, OK, 3)])
def test_temp_files_are_counted_an_hour(gigabytes: int, seconds: float, status: Status, value: float) -> None:
    counters = DATABASE_COUNTERS, [SimpleNamespace(temp_files=3, temp_bytes=gigabytes * 2**30)]
    result = judged("temp_files", counters, counted(seconds))
    assert (result.status, result.value) == (status, value * 2**30)


@pytest.mark.parametrize(("age", "status", "words"), [
    (StatisticsAge(60.0, 900 * DAY, 900 * DAY), WARNING, "reset 60 s ago"),
    (StatisticsAge(3601.0, 900 * DAY, 900 * DAY), OK, "reset 1 h 00 ago"),
    (StatisticsAge(None, 60.0, 900 * DAY), WARNING, "began anew"),
    (StatisticsAge(None, 60.0, 62.0), OK, "never reset"),
    (StatisticsAge(None, 60.0, None), OK, "never reset"),
])
def test_statistics_that_began_anew_are_told_from_a_new_cluster(age: StatisticsAge, status: Status, words: str) -> None:
    result = judged("statistics_reset", (STATISTICS_AGE, [age]))
    assert result.status is status and words in result.summary
    assert judged("statistics_reset", (STATISTICS_AGE, [replace(age, database_reset_age_s=5.0)]),
                  on=context(version_num=140020)).status is OK


def test_freeze_age_is_the_worst_tables() -> None:
    def tables(percent: float) -> tuple[Query[Any], list[Any]]:
        return TABLE_FREEZE_AGES, [TableFreezeAge("s", "t", True, 240_000_000, 5, percent)]

    assert judged("freeze_age", tables(120.0)).status is OK
    result = judged("freeze_age", tables(1000.0))
    assert (result.status, result.value) == (WARNING, 1000.0) and "s.t (its TOAST): 240 M" in result.summary
    assert judged("freeze_age", (TABLE_FREEZE_AGES, [])).value == 0


def test_dead_tuples_are_the_worst_tables_share() -> None:
    table = DeadRows("s", "t", 40_000, 60_000, 12_050, 40.0, True, None, 3)
    result = judged("dead_tuples", (DEAD_ROWS, [table]))
    assert (result.status, result.value) == (WARNING, 40.0)
    assert "3 tables are due" in result.summary and "s.t is 40 % dead (40 000 rows)" in result.summary
    off = judged("dead_tuples", (DEAD_ROWS, [replace(table, is_autovacuumed=False)]))
    assert off.hint is not None and "autovacuum is off" in off.hint
    assert judged("dead_tuples", (DEAD_ROWS, [replace(table, dead_percent=20.0)])).status is OK
    assert judged("dead_tuples", (DEAD_ROWS, [])).value == 0


@pytest.mark.parametrize(("changed", "status", "words"), [
    ({}, OK, "3 sequences; s.q of t.id is 50 % used"),
    ({"used_percent": 86.0}, WARNING, "86 %"),
    ({"used_percent": 95.5, "is_column_smaller": True}, CRITICAL, "the column is smaller"),
    ({"sequences": 4000, "examined": 500}, OK, "500 of 4000 sequences read"),
    ({"last_value": None, "used_percent": 0.0}, OK, "none used yet"),
    ({"last_value": None, "used_percent": 0.0, "unreadable": 3, "unreadable_schema": "s"}, UNKNOWN,
     "none of them may be read"),
    ({"unreadable": 1, "unreadable_schema": "s"}, UNKNOWN,
     "1 of them may not be read by this role; of the others the worst is 50 %"),
    ({"unreadable": 1, "unreadable_schema": "s", "used_percent": 97.0}, CRITICAL, "97 %"),
    ({"used_percent": 99.0, "table": None, "column": None}, CRITICAL, "s.q is 99 %"),
])
def test_sequences_end(changed: dict[str, Any], status: Status, words: str) -> None:
    half = SequenceUse("s", "q", "t", "id", False, 2**30, 2**31 - 1, 50.0, 3, 3)
    result = judged("sequences", (SEQUENCE_USE, [replace(half, **changed)]))
    assert result.status is status and words in result.summary and (result.hint is None) == (status is OK)


def test_sequences_that_a_role_may_not_read_are_told_with_the_grant() -> None:
    hidden = SequenceUse("o'dd S", "q", None, None, False, None, 100, 0.0, 1, 1, 1, "o'dd S")
    result = judged("sequences", (SEQUENCE_USE, [hidden]))
    assert result.hint is not None and """IN SCHEMA "o'dd S" TO ann""" in result.hint and result.value is None


def test_settings_that_endanger_data() -> None:
    names = [*GUARDING]
    assert judged("data_safety", (GUARDING_SETTINGS, [GuardingSetting(name, True) for name in names])).status is OK
    for name in names:
        result = judged("data_safety", (GUARDING_SETTINGS, [GuardingSetting(each, each != name) for each in names]))
        assert (result.status, result.value) == (CRITICAL, 1) and f"{name} is off: {GUARDING[name]}" in result.summary
        assert result.hint is not None and f"ALTER SYSTEM SET {name} = on" in result.hint


def test_slow_statements_are_the_slowest_mean() -> None:
    on = context(extensions={"pg_stat_statements": Extension("pg_stat_statements", "1.12", "stats", "1.12")})
    query = SLOW_STATEMENTS
    assert 'FROM "stats".pg_stat_statements(false)' in query.text(on.info)
    slow, slower = SlowStatementStats(True, 7, 100, 1001.0, 100_100.0), SlowStatementStats(True, None, 3000, 2500.0,
                                                                                           7_500_000.0)
    result = judged("slow_statements", (query, [slower, slow]), on=on)
    assert (result.status, result.value) == (WARNING, 2500.0)
    assert "a hidden one, 3 000 calls; 1 more" in result.summary and "2.5 s" in result.summary
    assert judged("slow_statements", (query, [replace(slow, mean_ms=999.0)]), on=on).status is OK
    nothing = SlowStatementStats(True, None, None, None, None)
    assert judged("slow_statements", (query, [nothing]), on=on).value == 0
    result = judged("slow_statements", (query, [replace(nothing, is_loaded=False)]), on=on)
    assert (result.status, result.value) == (OK, None) and "shared_preload_libraries" in (result.hint or "")


def test_a_database_without_pg_stat_statements_is_ok() -> None:
    result = judged("slow_statements", on=context(extensions={}))
    assert result.status is OK and 'CREATE EXTENSION "pg_stat_statements"' in result.summary


def test_duplicate_indexes_are_named_with_what_they_repeat() -> None:
    result = judged("duplicate_indexes", (DUPLICATE_INDEXES, [DuplicateIndex("s", "t", "b", "a", 8192, 4, 2**20)]))
    assert (result.status, result.value) == (WARNING, 4)
    assert "4 indexes, about 1.0 MB: s.b (as a), ..." in result.summary
    assert judged("duplicate_indexes", (DUPLICATE_INDEXES, [])).value == 0


@pytest.mark.parametrize(("gigabytes", "days", "status", "words"), [
    (2, 6, OK, "too early to judge"), (2, 8, WARNING, "s.i"), (1, 8, OK, "without a scan in 8 d")])
def test_unused_indexes_are_judged_after_a_week(gigabytes: int, days: int, status: Status, words: str) -> None:
    indexes = UNUSED_INDEXES, [UnusedIndex("s", "t", "i", gigabytes * 2**30, 1, gigabytes * 2**30)]
    result = judged("unused_indexes", indexes, counted(days * DAY))
    assert (result.status, result.value) == (status, gigabytes * 2**30) and words in result.summary
    assert judged("unused_indexes", (UNUSED_INDEXES, []), counted(DAY)).value == 0


def test_settings_that_wait_for_a_restart_are_named() -> None:
    result = judged("pending_restart", (PENDING_SETTINGS, [PendingSetting("max_connections", "100", None)] * 6))
    assert (result.status, result.value) == (WARNING, 6) and "max_connections" in result.summary
    assert judged("pending_restart", (PENDING_SETTINGS, [])).status is OK


def test_the_settings_that_guard_data_are_those_that_are_asked_for() -> None:
    text = (Path(console.__file__).parent / "metrics" / "sql" / "guarding_settings.sql").read_text("utf-8")
    asked = re.search(r"ARRAY\[(.*?)\]", text)
    assert asked and re.findall(r"'(\w+)'", asked[1]) == list(GUARDING)


def test_a_scheduled_job_whose_last_run_failed_is_named() -> None:
    on = context(extensions={"pg_cron": Extension("pg_cron", "1.6", "pg_catalog", "1.6")})
    failed = ScheduledJob("nightly", "shop", "ERROR:  gone\nCONTEXT: x", 120.0, 5, 2, 4, is_own_only=True)
    result = judged("scheduled_jobs", (SCHEDULED_JOBS, [failed]), on=on)
    assert (result.status, result.value) == (WARNING, 2)
    assert result.summary == "2 of 5 jobs of this role failed at the last run: nightly 2 min ago: ERROR:  gone; 1 more"
    result = judged("scheduled_jobs", (SCHEDULED_JOBS, [replace(failed, failed=0)]), on=on)
    assert result.status is OK and "of 1 no run is recorded" in result.summary
    assert "no active job" in judged("scheduled_jobs", (SCHEDULED_JOBS, []), on=on).summary
    assert "not installed" in judged("scheduled_jobs", on=context(extensions={})).summary
