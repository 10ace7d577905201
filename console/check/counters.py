"""The server's raw counters as metrics, under the names of postgres_exporter and pgbouncer_exporter where they mean the
same; what those don't have begins with dbconsole_.

Counters fall where the server's statistics are reset, as Prometheus' rate() and increase() expect. What the server or
the role doesn't tell has no sample.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.activity.summary.read import SESSION_COUNTS
from console.check.exposition import Family, Kind, MetricSample
from console.check.records import CheckContext, Report
from console.metrics.reads.counters import (
    DATABASE_COUNTERS,
    DATABASE_SIZE,
    RECOVERY,
    REPLICATION_SLOTS,
    STANDBYS,
    WAL_COUNTERS,
)
from console.metrics.reads.io import IO_COUNTERS
from console.metrics.reads.wal import ARCHIVER, CHECKPOINTS
from console.pooler.records import PoolerReading
from console.server.query import Query
from console.statements import counters as statement_counters
from console.statements.read import NAMES, STANDING, counters
from console.text.sanitiser import single_line

MOST_STATEMENTS = 100
"""So many statements have series of their own: those that have taken most time. Each is one by user and database."""


class FieldMetric(Struct, frozen=True):
    """One number of a record: a field's name, or what computes it; times `factor`."""

    name: str
    kind: Kind
    help: str
    value: str | Callable[[Any], float | None]
    factor: float = 1.0

    def of(self, row: Any) -> float | None:
        found = getattr(row, self.value) if isinstance(self.value, str) else self.value(row)
        return None if found is None or math.isnan(found) else float(found) * self.factor


class Source(Struct, frozen=True):
    """The metrics of a query's rows, and the labels that tell the rows apart."""

    query: Query[Any]
    metrics: Sequence[FieldMetric]
    labels: Callable[[Any], Mapping[str, str]] = lambda row: {}


def _numbers(prefix: str, kind: Kind, *numbers: tuple[str, str, str]) -> list[FieldMetric]:
    """Metrics of (name, field, help)."""
    return [FieldMetric(f"{prefix}{name}", kind, help_, field) for name, field, help_ in numbers]


_DATABASE = _numbers(
    "pg_stat_database_", "counter",
    ("xact_commit", "commits", "Transactions that were committed."),
    ("xact_rollback", "rollbacks", "Transactions that were rolled back."),
    ("blks_read", "blocks_read", "Blocks that were read from disk or the system's cache."),
    ("blks_hit", "blocks_hit", "Blocks that were found in shared buffers."),
    ("tup_returned", "rows_returned", "Rows that were read by scans."),
    ("tup_fetched", "rows_fetched", "Rows that were fetched by index scans."),
    ("tup_inserted", "rows_inserted", "Rows that were inserted."),
    ("tup_updated", "rows_updated", "Rows that were updated."),
    ("tup_deleted", "rows_deleted", "Rows that were deleted."),
    ("temp_files", "temp_files", "Temporary files that were made."),
    ("temp_bytes", "temp_bytes", "Bytes that were written to temporary files."),
    ("deadlocks", "deadlocks", "Deadlocks."),
    ("conflicts", "conflicts", "Queries that recovery cancelled on a standby."),
    ("blk_read_time", "block_read_ms", "Milliseconds spent reading blocks, where track_io_timing is on."),
    ("blk_write_time", "block_write_ms", "Milliseconds spent writing blocks, where track_io_timing is on.")) + _numbers(
    "dbconsole_", "counter",
    ("sessions_total", "sessions_opened", "Sessions that were opened."),
    ("checksum_failures_total", "checksum_failures", "Pages whose checksum was wrong."),
    ("parallel_workers_planned_total", "parallel_workers_planned", "Parallel workers that plans wanted."),
    ("parallel_workers_launched_total", "parallel_workers_launched", "Parallel workers that came."))

_WAL = _numbers(
    "dbconsole_wal_", "counter",
    ("bytes_total", "wal_bytes", "Bytes of WAL written; on a standby the position that was replayed up to."),
    ("records_total", "records", "Records of WAL."),
    ("full_page_images_total", "full_page_images", "Full page images in WAL."),
    ("buffers_full_total", "buffers_full", "Times that WAL was written because its buffers were full."))

_IO = [metric for name, many, verb in (("read", "reads", "read"), ("write", "writes", "written"))
       for metric in (
           FieldMetric(f"dbconsole_io_{many}_total", "counter", f"Operations of pg_stat_io that were {verb}.", many),
           FieldMetric(f"dbconsole_io_{name}_bytes_total", "counter", f"Bytes that were {verb}.", f"{name}_bytes"),
           FieldMetric(f"dbconsole_io_{name}_seconds_total", "counter",
                  f"Time in which they were {verb}, where it is measured.", f"{name}_ms", 0.001))
       ] + _numbers(
    "dbconsole_io_", "counter",
    ("extends_total", "extends", "Extensions of relations."),
    ("hits_total", "hits", "Blocks found in shared buffers."),
    ("evictions_total", "evictions", "Blocks written out or dropped to make room."),
    ("fsyncs_total", "syncs", "Calls of fsync."))

_CONNECTIONS = ("active", "idle", "idle in transaction", "other", "hidden")

SOURCES = (
    Source(DATABASE_COUNTERS, _DATABASE),
    Source(DATABASE_SIZE, [
        FieldMetric("pg_database_size_bytes", "gauge", "Disk space of the database.", "total_bytes")]),
    Source(SESSION_COUNTS, [
        FieldMetric("pg_settings_max_connections", "gauge", "The setting max_connections.", "max_connections"),
        FieldMetric("dbconsole_connections_used", "gauge", "Client connections of the whole server.", "connections")]),
    Source(WAL_COUNTERS, _WAL),
    Source(IO_COUNTERS, _IO,
           lambda row: {"backend_type": row.backend_type, "object": row.object, "context": row.context}),
    Source(ARCHIVER, _numbers(
        "pg_stat_archiver_", "counter", ("archived_count", "archived", "Segments of WAL that were archived."),
        ("failed_count", "failed", "Failures to archive a segment."))),
    Source(STANDBYS, [
        FieldMetric("pg_stat_replication_pg_wal_lsn_diff", "gauge", "Bytes that the standby has not replayed yet.",
               "lag_bytes"),
        FieldMetric("dbconsole_replication_lag_seconds", "gauge", "How long ago that was written.", "lag_s")],
        lambda row: {"application_name": row.name or "", "state": row.state or "", "pid": str(row.pid)}),
    Source(RECOVERY, [
        FieldMetric("pg_replication_last_replay_seconds", "gauge", "Age of the last transaction that was replayed.",
               "last_replayed_age_s"),
        FieldMetric("dbconsole_replay_lag_bytes", "gauge", "Bytes that were received and not replayed.", "lag_bytes")]),
    Source(REPLICATION_SLOTS, [
        FieldMetric("pg_replication_slots_slot_is_active", "gauge", "Whether somebody reads from the slot.",
                    "is_active"),
        FieldMetric("pg_replication_slots_pg_wal_lsn_diff", "gauge", "Bytes of WAL that are kept for it.",
               "retained_bytes"),
        FieldMetric("pg_replication_slots_safe_wal_size_bytes", "gauge",
               "Bytes that may still be written before it loses WAL.", "safe_bytes")],
        lambda row: {"slot_name": row.name, "slot_type": row.type}),
)

_CHECKPOINTS_16 = _numbers(
    "pg_stat_bgwriter_", "counter", ("checkpoints_timed_total", "timed", "Checkpoints by time."),
    ("checkpoints_req_total", "requested", "Checkpoints on request."),
    ("checkpoint_write_time_total", "write_ms", "Milliseconds of writing at checkpoints."),
    ("checkpoint_sync_time_total", "sync_ms", "Milliseconds of syncing at checkpoints."),
    ("buffers_checkpoint_total", "buffers_written", "Buffers that checkpoints wrote."),
    ("buffers_backend_total", "buffers_backend", "Buffers that backends wrote themselves."),
    ("buffers_backend_fsync_total", "backend_syncs", "Calls of fsync that backends made themselves."))
_CHECKPOINTS = _numbers(
    "pg_stat_checkpointer_", "counter",
    ("write_time_total", "write_ms", "Milliseconds of writing at checkpoints and restartpoints."),
    ("sync_time_total", "sync_ms", "Milliseconds of syncing at checkpoints and restartpoints."),
    ("buffers_written_total", "buffers_written", "Buffers that checkpoints and restartpoints wrote."))
_ON_PRIMARY = _numbers(
    "pg_stat_checkpointer_", "counter", ("num_timed_total", "timed", "Checkpoints by time."),
    ("num_requested_total", "requested", "Checkpoints on request."))
_ON_STANDBY = _numbers(
    "pg_stat_checkpointer_", "counter", ("restartpoints_timed_total", "timed", "Restartpoints by time."),
    ("restartpoints_req_total", "requested", "Restartpoints on request."))
_BACKGROUND_WRITER = _numbers(
    "pg_stat_bgwriter_", "counter", ("buffers_clean_total", "buffers_clean", "Buffers that it wrote."),
    ("maxwritten_clean_total", "clean_stops", "Times that it stopped as it had written too much."),
    ("buffers_alloc_total", "buffers_allocated", "Buffers that were allocated."))

_STATEMENTS = (
    ("pg_stat_statements_calls_total", "Times that the statement was executed.", "calls", 1.0),
    ("pg_stat_statements_seconds_total", "Time that its executions took.", "exec_ms", 0.001),
    ("pg_stat_statements_rows_total", "Rows that it gave or changed.", "rows", 1.0),
    ("pg_stat_statements_block_read_seconds_total", "Time of reading blocks, where it is measured.", "shared_read_ms",
     0.001),
    ("pg_stat_statements_block_write_seconds_total", "Time of writing blocks, where it is measured.",
     "shared_write_ms", 0.001))

_POOLS = _numbers(
    "pgbouncer_pools_", "gauge",
    ("client_active_connections", "cl_active", "Clients that have a server, or wait for none."),
    ("client_waiting_connections", "cl_waiting", "Clients that wait for a server."),
    ("server_active_connections", "sv_active", "Servers that a client has."),
    ("server_idle_connections", "sv_idle", "Servers that are free."),
    ("server_used_connections", "sv_used", "Servers that are free and have to be checked."),
    ("server_testing_connections", "sv_tested", "Servers that are reset or checked."),
    ("server_login_connections", "sv_login", "Servers that log in."),
    ("client_maxwait_seconds", "maxwait_s", "How long the client has waited that waits longest."))
_POOLER_TOTALS = [
    FieldMetric(f"pgbouncer_stats_totals_{name}", "counter", help_, field, factor) for name, field, help_, factor in (
        ("queries_pooled_total", "query_count", "Queries.", 1.0),
        ("queries_duration_seconds_total", "query_time", "Time of queries.", 1e-6),
        ("sql_transactions_pooled_total", "xact_count", "Transactions.", 1.0),
        ("server_in_transaction_seconds_total", "xact_time", "Time of transactions.", 1e-6),
        ("client_wait_seconds_total", "wait_time", "Time that clients waited for a server.", 1e-6),
        ("received_bytes_total", "received", "Bytes from clients.", 1.0),
        ("sent_bytes_total", "sent", "Bytes to clients.", 1.0))]


def reads(context: CheckContext) -> tuple[Query[Any], ...]:
    """What the metrics are made of, on this server."""
    return (*(source.query for source in SOURCES), CHECKPOINTS, STANDING, NAMES, counters(context.info))


def families(reports: Iterable[Report]) -> tuple[Family, ...]:
    """The metrics of all reports that hold readings, and whether each server answered; of two on one target the first
    counts, as no series may come twice."""
    found = _Families()
    for target, report in {report.target: report for report in reversed(list(reports))}.items():
        labels = {"target": target}
        found.add("pg_up", "gauge", "Whether the server answered.", labels, float(report.info is not None))
        if report.info is not None and report.readings is not None:
            _add_server(found, report, labels)
        if report.pooler is not None:
            _add_pooler(found, report.pooler, labels)
    return found.families()


class _Families:
    """Families by name, in the order in which they came."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Kind, str, list[MetricSample]]] = {}

    def add(self, name: str, kind: Kind, help_: str, labels: Mapping[str, str], value: float | None) -> None:
        if value is not None:
            clean = {key: single_line(text) for key, text in labels.items()}
            self._found.setdefault(name, (kind, help_, []))[2].append(MetricSample(clean, value))

    def add_row(self, metrics: Iterable[FieldMetric], labels: Mapping[str, str], row: Any) -> None:
        for metric in metrics:
            self.add(metric.name, metric.kind, metric.help, labels, metric.of(row))

    def families(self) -> tuple[Family, ...]:
        return tuple(Family(name, help_, tuple(samples), kind) for name, (kind, help_, samples) in self._found.items())


def _add_server(found: _Families, report: Report, labels: Mapping[str, str]) -> None:
    assert report.info is not None and report.readings is not None
    of_database = {**labels, "datname": report.info.database}
    for source in SOURCES:
        own = of_database if source.query in (DATABASE_COUNTERS, DATABASE_SIZE) else labels
        for row in report.readings.rows(source.query) or ():
            found.add_row(source.metrics, {**own, **source.labels(row)}, row)
    if (sessions := report.readings.first(SESSION_COUNTS)) is not None:
        for state in _CONNECTIONS:
            found.add("dbconsole_connections", "gauge", "Client connections of the whole server but dbconsole's own.",
                      {**labels, "state": state}, float(getattr(sessions, state.replace(" ", "_"))))
    found.add("pg_replication_is_replica", "gauge", "Whether the server is a standby.", labels,
              float(report.info.is_standby))
    if (checkpoints := report.readings.first(CHECKPOINTS)) is not None:
        since_17 = (*(_ON_STANDBY if checkpoints.is_standby else _ON_PRIMARY), *_CHECKPOINTS)
        found.add_row(_CHECKPOINTS_16 if report.info.major < 17 else since_17, labels, checkpoints)
        found.add_row(_BACKGROUND_WRITER, labels, checkpoints)
    for name, help_, series, value in _statements(report):
        found.add(name, "counter", help_, {**labels, **series}, value)


def _statements(report: Report) -> Iterator[tuple[str, str, Mapping[str, str], float | None]]:
    """Name, help, labels and value; the sums are of all entries, those of other roles' hidden statements too."""
    assert report.info is not None and report.readings is not None
    entries = report.readings.rows(counters(report.info))
    if entries is None:
        return
    names = {(named.kind, named.id): named.name for named in report.readings.rows(NAMES) or ()}
    by_series: dict[tuple[int, int, int | None], list[Sequence[float]]] = defaultdict(list)
    for entry in entries:
        by_series[entry.user_id, entry.database_id, entry.query_id].append(statement_counters.parse(entry.counters))
    at = {name: place for place, name in enumerate(statement_counters.NAMES)}

    def total(rows: Iterable[Sequence[float]], field: str) -> float:
        return math.fsum(row[at[field]] for row in rows)

    every = [row for rows in by_series.values() for row in rows]
    yield "dbconsole_statements_calls_total", "Executions of all statements.", {}, total(every, "calls")
    yield ("dbconsole_statements_seconds_total", "Time that the executions of all statements took.", {},
           total(every, "exec_ms") * 0.001)
    if (standing := report.readings.first(STANDING)) is not None:
        yield ("dbconsole_statements_evictions_total", "Times that pg_stat_statements was full and dropped entries.",
               {}, float(standing.evictions))
    shown = [(key, rows) for key, rows in by_series.items() if key[2] is not None]
    for (user_id, database_id, query_id), rows in heapq.nlargest(
            MOST_STATEMENTS, shown, key=lambda item: total(item[1], "exec_ms")):
        series = {"user": names.get(("role", user_id), str(user_id)),
                  "datname": names.get(("database", database_id), str(database_id)), "queryid": str(query_id)}
        for name, help_, field, factor in _STATEMENTS:
            yield name, help_, series, total(rows, field) * factor


def _add_pooler(found: _Families, pooler: PoolerReading, labels: Mapping[str, str]) -> None:
    is_up = pooler.error is None and pooler.sample is not None
    found.add("pgbouncer_up", "gauge", "Whether PgBouncer's admin console answered.", labels, float(is_up))
    if not is_up or pooler.sample is None:
        return
    for pool in pooler.sample.pools:
        found.add_row(_POOLS, {**labels, "database": pool.database, "user": pool.user}, pool)
    for totals in pooler.sample.totals:
        found.add_row(_POOLER_TOTALS, {**labels, "database": totals.database}, totals)
