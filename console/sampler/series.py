"""From two samples at the counters to the rates of the interval between, and the series that are kept of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from console.metrics.rates import growth, hit_percent, interval_s, rate


class SeriesSource(Struct, frozen=True):
    """A read of one row and the series that come of it: `rates` of its counters, a second, and `gauges` as they are.

    Both map a series to the row's field. `marks` are fields that tell when the counters began anew.
    """

    query: str
    rates: Mapping[str, str] = field(default_factory=dict)
    gauges: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ("stats_reset",)


def _a_second(*names: str, **renamed: str) -> dict[str, str]:
    return {f"{series}_per_s": name for series, name in (dict(zip(names, names, strict=True)) | renamed).items()}


def _as_they_are(*names: str) -> dict[str, str]:
    return dict(zip(names, names, strict=True))


OFTEN = (
    SeriesSource("metrics.database_counters", _a_second(
        "commits", "rollbacks", "blocks_read", "rows_returned", "rows_fetched", "rows_inserted", "rows_updated",
        "rows_deleted", "temp_files", "temp_bytes", "deadlocks", "conflicts", "sessions_opened", "block_read_ms",
        "block_write_ms", "parallel_workers_planned", "parallel_workers_launched")),
    SeriesSource("metrics.wal_counters", _a_second(
        wal_bytes="wal_bytes", wal_records="records", full_page_images="full_page_images",
        wal_buffers_full="buffers_full"), marks=("stats_reset", "is_replayed")),
    SeriesSource("activity.session_counts", marks=(), gauges=_as_they_are(
        "connections", "active", "idle", "idle_in_transaction", "active_cpu", "active_io", "active_lock",
        "active_lwlock", "active_client", "active_other")),
)
"""What is read with every tick."""

SELDOM = (
    SeriesSource("metrics.checkpoints", _a_second(
        checkpoints_timed="timed", checkpoints_requested="requested", checkpoint_write_ms="write_ms",
        checkpoint_sync_ms="sync_ms", checkpoint_buffers="buffers_written"),
        marks=("stats_reset", "is_standby")),
    SeriesSource("metrics.background_writer", _a_second(
        "buffers_clean", "clean_stops", "buffers_backend", "buffers_allocated"), marks=("writer_stats_reset",)),
    SeriesSource("metrics.wal_writes", _a_second(
        wal_writes="writes", wal_syncs="syncs", wal_write_ms="write_ms", wal_sync_ms="sync_ms")),
    SeriesSource("metrics.archiver", _a_second(archived="archived", archive_failures="failed")),
    SeriesSource("metrics.io_totals", _a_second(
        io_read_bytes="read_bytes", io_write_bytes="write_bytes", io_extend_bytes="extend_bytes", io_syncs="syncs",
        io_evictions="evictions", io_read_ms="read_ms", io_write_ms="write_ms")),
    SeriesSource("metrics.autovacuum", gauges=_as_they_are("workers", "oldest_transaction_age", "oldest_multixact_age"),
                 marks=()),
)
"""What is read every half a minute."""

READ_AS = {"metrics.background_writer": "metrics.checkpoints"}
"""Sources that share another's read, as their counters begin anew at other times."""

TICK_SERIES = (
    "transactions_per_s", "cache_hit_percent", "rtt_ms", "database_bytes", "host_cpu_percent", "host_io_percent",
    "host_memory_percent", "host_load", "host_disk_percent",
    *(name for source in OFTEN for name in (*source.rates, *source.gauges)))
SLOW_SERIES = tuple(name for source in SELDOM for name in (*source.rates, *source.gauges))
"""The names in the sampler's two histories."""


class CounterSample(Struct, frozen=True):
    """A source's row at one moment of the server's clock."""

    taken_at: dt.datetime
    started_at: dt.datetime | None
    row: Any


def measured(source: SeriesSource, before: CounterSample | None, now: CounterSample,
             every_s: float) -> dict[str, float | None]:
    """The series of a source after a sample; a reset, restart, promotion or late sample leaves its rates unknown."""
    values: dict[str, float | None] = {series: getattr(now.row, name) for series, name in source.gauges.items()}
    seconds = None if before is None else seconds_between(source, before, now, every_s)
    for series, name in source.rates.items():
        values[series] = None if before is None else rate(getattr(before.row, name), getattr(now.row, name), seconds)
    return values


def seconds_between(source: SeriesSource, before: CounterSample, now: CounterSample, every_s: float) -> float | None:
    """The time over which rates may be formed; None where they would lie."""
    return interval_s(before.taken_at.timestamp(), now.taken_at.timestamp(), every_s,
                      (before.started_at, now.started_at),
                      *((getattr(before.row, mark), getattr(now.row, mark)) for mark in source.marks))


def of_the_database(values: Mapping[str, float | None], before: CounterSample | None, now: CounterSample, every_s: float
                    ) -> dict[str, float | None]:
    """What follows from the rates of the database's counters: transactions a second, and the hit ratio in percent."""
    commits, rollbacks = values["commits_per_s"], values["rollbacks_per_s"]
    hit = None
    if before is not None and seconds_between(OFTEN[0], before, now, every_s) is not None:
        hit = hit_percent(growth(before.row.blocks_hit, now.row.blocks_hit),
                          growth(before.row.blocks_read, now.row.blocks_read))
    return {"transactions_per_s": None if commits is None or rollbacks is None else commits + rollbacks,
            "cache_hit_percent": hit}
