"""Records for tests, plausible unless a test says otherwise."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import replace

from console.activity.summary.records import SessionCounts
from console.check.records import CheckResult, Status
from console.metrics.records.counters import (
    DatabaseCounters,
    DatabaseSize,
    FreezeAge,
    SchemaSize,
    ServerClock,
    WalCounters,
)
from console.metrics.records.settings import GuardingSetting
from console.metrics.records.tables import SequenceUse, TableFreezeAge
from console.metrics.records.upkeep import ArchiverState, CheckpointCounts, DiskWrite, LastCheckpoint, StatisticsAge
from console.metrics.settings_advice import GUARDING
from console.sampler.records import ServiceFootprint, Snapshot
from console.server.info import Extension, ServerInfo
from console.services import Service
from tests.support.fake_clock import FakeClock
from tests.support.fake_session import Answer

NAMES = (
    "analytics", "code_quality", "document_store", "documentation", "event_data", "idea_lab", "inference_enhancement",
    "memory_management", "memory_store", "ui_testing", "web_access")

HOSTILE = (
    "[/x] [bold]not bold[/bold]", "\x1b[31mred\x1b[0m\x07", "two\nlines\tand\r\nmore", "abc\u202egnp.exe\u202c \u2066x",
    "日本語テーブル", "👩‍👩‍👧 family ❤️ 🇩🇪", "e\u0301\u0301 zero\u200bwidth\ufeff", "x" * 63, "",
    "\ud800 lone", "\x00nul\x9b31m")


def info(**changes: Any) -> ServerInfo:
    """PostgreSQL 18.6, a primary, a superuser."""
    server = ServerInfo(
        version_num=180006, version="18.6", database="console", user="postgres", quoted_user="postgres",
        is_superuser=True, is_standby=False, is_read_only=False, server_encoding="UTF8", backend_pid=42,
        max_connections=100, started_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC), system_identifier="7",
        extensions={"vector": Extension("vector", "0.8.7", "public", "0.8.7")})
    return replace(server, **changes)


def services() -> tuple[Service, ...]:
    return tuple(Service(name=name, schemas=(name,)) for name in NAMES)


def result(name: str = "connections", status: Status = Status.OK, summary: str = "42 of 97 (43 %)",
           **changes: Any) -> CheckResult:
    plain = CheckResult(name=name, title=name.replace("_", " ").capitalize(), status=status, summary=summary,
                        value=43.0,
                   unit="%", warning=80.0, critical=95.0, lower_is_worse=False, hint=None, duration_ms=0.1,
                   screen="overview")
    return replace(plain, **changes)


def sessions(**changes: Any) -> SessionCounts:
    return replace(SessionCounts(connections=42, active=9, idle=31, idle_in_transaction=2, other=0, hidden=0,
                                 max_connections=100, reserved_connections=3, active_cpu=4, active_io=2, active_lock=2,
                                 active_lwlock=0, active_client=0, active_other=0), **changes)


def snapshot(**changes: Any) -> Snapshot:
    plain = Snapshot(
        monotonic_s=1000.0, taken_at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), info=info(), results=(result(),),
        rtt_ms=0.4, sessions=sessions(), transactions_per_s=1240.0, commits_per_s=1238.0, rollbacks_per_s=2.0,
        cache_hit_percent=99.24, wal_bytes_per_s=3.4 * 2**20, database_bytes=48 * 2**20,
        services=tuple(ServiceFootprint(service, 3 + number, (number + 1) * 7_654_321)
                       for number, service in enumerate(services())))
    return replace(plain, **changes)


def answers(clock: FakeClock) -> dict[str, Answer]:
    """What a healthy, busy server says to the sampler's reads; its counters go on with the clock."""

    def counters(_: Any) -> list[DatabaseCounters]:
        seconds = clock.elapsed_s
        return [DatabaseCounters(
            commits=100_000 + round(1240 * seconds), rollbacks=10, blocks_read=1_000 + round(8 * seconds),
            blocks_hit=900_000 + round(992 * seconds), rows_returned=0, rows_fetched=0, rows_inserted=0, rows_updated=0,
            rows_deleted=0, temp_files=0, temp_bytes=0, deadlocks=0, conflicts=0, sessions_opened=round(seconds),
            block_read_ms=0.0, block_write_ms=0.0, stats_reset=None)]

    return {
        "server_clock": lambda _: [ServerClock(clock.now(), clock.now())],
        "database_counters": counters,
        "wal_counters": lambda _: [
            WalCounters(wal_bytes=round(3.4 * 2**20 * clock.elapsed_s), is_replayed=False, records=0,
                        full_page_images=0, buffers_full=0, stats_reset=None)],
        "session_counts": [sessions()],
        "database_size": [DatabaseSize("console", 48 * 2**20)],
        "schema_sizes": [SchemaSize(name, 3 + number, (number + 1) * 7_654_321, False)
                         for number, name in enumerate(NAMES)],
        "freeze_ages": [FreezeAge("console", 12_000_000, 100, 200_000_000)],
        "statistics_age": [StatisticsAge(None, 40 * 86400.0, 40 * 86400.0)],
        "archiver_state": [ArchiverState("on", False, None, None, 30.0, 0, 0, 16 * 2**20)],
        "checkpoint_counts": [CheckpointCounts(11_500, 20)],
        "disk_write": [DiskWrite(112 * 1024)],
        "last_checkpoint": [LastCheckpoint(140.0, 300.0, 40 * 2**20, 16 * 2**20)],
        "table_freeze_ages": [TableFreezeAge("event_data", "events", False, 12_000_000, 100, 6.0)],
        "sequence_use": [SequenceUse("billing", "invoices_id_seq", "invoices", "id", False, 480, 2**31 - 1, 0.1, 9, 9)],
        "guarding_settings": [GuardingSetting(name, True) for name in GUARDING],
        **{name: [] for name in ("blocked_sessions", "open_transactions", "invalid_indexes", "prepared_transactions",
                                 "standbys", "replication_slots", "dead_rows", "duplicate_indexes", "unused_indexes",
                                 "pending_settings")},
    }
