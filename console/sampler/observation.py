"""What is known of one target: the last rows of every read, when each is due again, and what follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from console.activity.summary.read import SESSION_COUNTS
from console.check.checks import migrations
from console.check.evaluation import evaluate, reads_of
from console.check.records import CheckContext, CheckResult
from console.check.registry import ConfiguredCheck
from console.errors import ConsoleError
from console.metrics.rates import network_ms
from console.metrics.reads.counters import DATABASE_COUNTERS, DATABASE_SIZE, SCHEMA_SIZES, SERVER_CLOCK, WAL_COUNTERS
from console.metrics.records.counters import SchemaSize
from console.sampler.records import ServiceFootprint, Snapshot
from console.sampler.series import OFTEN, READ_AS, SELDOM, CounterSample, SeriesSource, measured, of_the_database
from console.server.query import Query
from console.server.session import Readings
from console.services import Service

if TYPE_CHECKING:
    from console.metrics.local import HostLoad, LocalFacts, LocalHost
    from console.migrate.records import ServiceStatus

OWN_READS: tuple[Query[Any], ...] = (
    SESSION_COUNTS, DATABASE_COUNTERS, WAL_COUNTERS, SCHEMA_SIZES, DATABASE_SIZE, SERVER_CLOCK)
SLOW_S = 30.0
INTERVALS_S = {"tick": 0.0, "30 s": SLOW_S, "on demand": SLOW_S, "5 min": 300.0}
_READLESS = "checks without reads"


LOCAL_FACTS_NAME = "metrics.local_facts"
"""That of the query in console/metrics/local.py, which the first tick must not import."""


@cache
def seldom_read() -> tuple[Query[Any], ...]:
    """What the first screen doesn't show: imported and asked after the first tick, for which somebody waits."""
    from console.metrics.local import LOCAL_FACTS
    from console.metrics.reads.io import IO_TOTALS
    from console.metrics.reads.vacuum import AUTOVACUUM
    from console.metrics.reads.wal import ARCHIVER, CHECKPOINTS, WAL_WRITES
    from console.statements.read import SLOW_SESSIONS

    return CHECKPOINTS, WAL_WRITES, ARCHIVER, IO_TOTALS, AUTOVACUUM, LOCAL_FACTS, SLOW_SESSIONS


class Observation:
    """Takes readings, gives snapshots. A read that has a longer interval keeps its rows until it is asked again."""

    def __init__(self, checks: Sequence[ConfiguredCheck], services: tuple[Service, ...]) -> None:
        self._checks = checks
        self._services = services
        self._due_s: dict[str, float] = {}
        self._rows: dict[str, Sequence[Any]] = {}
        self._reasons: dict[str, str] = {}
        self._sqlstates: dict[str, str] = {}
        self._results: dict[str, CheckResult] = {}
        self._statuses: dict[str, ServiceStatus] = {}
        self._samples: dict[str, CounterSample] = {}
        self._measures: dict[str, float | None] = {}
        self._taken_at: dt.datetime | None = None
        self._local: LocalHost | None = None
        self._proven: Sequence[LocalFacts] = ()
        self._host: HostLoad | None = None
        self._why_no_host = ""
        self._wall_ms = 0.0
        self._rtt_ms: float | None = None

    def due(self, context: CheckContext, now_s: float) -> tuple[list[Query[Any]], list[Query[Any]]]:
        """What to ask now: the quick reads, and those of sizes, which are asked apart."""
        own = (*OWN_READS, *seldom_read()) if self._taken_at is not None else OWN_READS
        wanted = {query.name: query for query in (*reads_of(self._checks, context), *own)}
        due = [query for query in wanted.values() if now_s >= self._due_s.get(query.name, now_s)]
        quick = [query for query in due if _interval_s(query, context) <= SLOW_S]
        return quick, [query for query in due if query not in quick]

    def take(self, queries: Iterable[Query[Any]], readings: Readings, context: CheckContext, now_s: float) -> None:
        """The answers to `queries`; a read that failed loses its earlier rows."""
        for query in queries:
            self._due_s[query.name] = now_s + _interval_s(query, context)
            rows = readings.rows(query)
            self._sqlstates.pop(query.name, None)
            if rows is None:
                self._rows.pop(query.name, None)
                if (sqlstate := readings.sqlstates.get(query.name)) is not None:
                    self._sqlstates[query.name] = sqlstate
                self._reasons[query.name] = readings.why(query) or "not answered"
            else:
                self._rows[query.name] = rows
                self._reasons.pop(query.name, None)

    def consider(self, asked: Iterable[Query[Any]], context: CheckContext, now_s: float) -> None:
        """All that reads files after a tick, and so not for the event loop: the checks, and this machine's state."""
        self.judge(asked, context, now_s)
        self.add_context(context)

    def judge(self, asked: Iterable[Query[Any]], context: CheckContext, now_s: float) -> None:
        """Evaluates the checks that `asked` concerns; the migrations' reads files."""
        names = {query.name for query in asked}
        readless = now_s >= self._due_s.get(_READLESS, now_s)
        if readless:
            self._due_s[_READLESS] = now_s + SLOW_S
        readings = self._readings()
        known = self._rows.keys() | self._reasons.keys()
        concerned = []
        for check in self._checks:
            wanted = {query.name for query in reads_of([check], context)}
            if wanted <= known and (wanted & names or (not wanted and (readless or check.check.reads_pooler))):
                concerned.append(check)
        self._results.update((result.name, result) for result in evaluate(concerned, readings, context))
        if any(configured_check.check is migrations.CHECK for configured_check in concerned):
            self._statuses = _statuses(readings, context)

    def measure(self, readings: Readings, context: CheckContext, every_s: float) -> None:
        """The measurements after these readings, which hold the server's clock, and the rates of the interval."""
        clock = readings.first(SERVER_CLOCK)
        self._taken_at = clock.taken_at if clock else None
        database = self._samples.get(OFTEN[0].query)
        for source in OFTEN:
            self._measure(source, readings, context, every_s)
        now = self._samples.get(OFTEN[0].query)
        if now is None:
            self._measures |= {"transactions_per_s": None, "cache_hit_percent": None}
        else:
            self._measures |= of_the_database(self._measures, database, now, every_s)
        self._wall_ms = readings.rtt_ms
        self._rtt_ms = network_ms(readings.rtt_ms, clock) if clock else None
        self._measures["rtt_ms"] = self._rtt_ms

    def measure_seldom(self, readings: Readings, context: CheckContext, every_s: float) -> bool:
        """The same for what is not read with every tick; whether any of it was."""
        found = [source for source in SELDOM if self._is_answered(source, readings)]
        for source in found:
            self._measure(source, readings, context, max(every_s, SLOW_S))
        size = self._rows.get(DATABASE_SIZE.name)
        self._measures["database_bytes"] = size[0].total_bytes if size else None
        return bool(found)

    def lose(self) -> None:
        """The connection is lost: what comes next may be another server, or another database of the same name."""
        self._samples.clear()

    def add_context(self, context: CheckContext) -> None:
        """Measures this machine, where the server is proven to run on it."""
        if not (rows := self._rows.get(LOCAL_FACTS_NAME)):
            self._local = self._host = None
            return
        from console.metrics.local import LocalHost, doubt

        if rows is not self._proven:
            self._proven = rows
            self._why_no_host = doubt(rows[0], is_pooled=context.info.is_pooled) or ""
            if self._why_no_host:
                self._local = None
            elif self._local is None or self._local.data_directory != rows[0].data_directory:
                self._local = LocalHost(rows[0].data_directory)
        try:
            host = self._host = self._local.read() if self._local is not None else None
        except (OSError, ValueError, KeyError) as error:
            host = self._host = None
            self._why_no_host = f"/proc: {error}"
        for name in ("cpu_percent", "io_percent", "load", "memory_percent", "disk_percent"):
            self._measures[f"host_{name}"] = None if host is None else getattr(host, name)

    def _measure(self, source: SeriesSource, readings: Readings, context: CheckContext, every_s: float) -> None:
        rows = readings.rows_by_name.get(READ_AS.get(source.query, source.query))
        if not rows or self._taken_at is None:
            self._samples.pop(source.query, None)
            self._measures |= dict.fromkeys((*source.rates, *source.gauges))
            return
        sample = CounterSample(self._taken_at, context.info.started_at, rows[0])
        self._measures |= measured(source, self._samples.get(source.query), sample, every_s)
        self._samples[source.query] = sample

    @staticmethod
    def _is_answered(source: SeriesSource, readings: Readings) -> bool:
        name = READ_AS.get(source.query, source.query)
        return name in readings.rows_by_name or name in readings.unavailable

    def snapshot(self, context: CheckContext, monotonic_s: float) -> Snapshot:
        readings = self._readings()
        size = readings.first(DATABASE_SIZE)
        known = self._measures.get
        return Snapshot(
            monotonic_s=monotonic_s, taken_at=self._taken_at, info=context.info,
            results=tuple(self._results[check.check.name] for check in self._checks
                          if check.check.name in self._results),
            rtt_ms=self._rtt_ms, sessions=readings.first(SESSION_COUNTS),
            transactions_per_s=known("transactions_per_s"), commits_per_s=known("commits_per_s"),
            rollbacks_per_s=known("rollbacks_per_s"), cache_hit_percent=known("cache_hit_percent"),
            wal_bytes_per_s=known("wal_bytes_per_s"), database_bytes=size.total_bytes if size else None,
            measures=dict(self._measures), host=self._host, why_no_host=self._why_no_host,
            services=footprints(self._services, readings.rows(SCHEMA_SIZES), self._statuses),
            unavailable=readings.unavailable, readings=readings)

    def _readings(self) -> Readings:
        return Readings(dict(self._rows), dict(self._reasons), self._wall_ms, dict(self._sqlstates))


def footprints(services: Iterable[Service], sizes: Iterable[SchemaSize] | None,
               statuses: dict[str, ServiceStatus]) -> tuple[ServiceFootprint, ...]:
    """The services with what their schemas hold; a schema that doesn't exist holds nothing."""
    if sizes is None:
        return tuple(ServiceFootprint(service, migrations=statuses.get(service.name)) for service in services)
    by_schema = {size.schema: size for size in sizes}
    found = []
    for service in services:
        own = [by_schema[schema] for schema in service.schemas if schema in by_schema]
        found.append(ServiceFootprint(
            service, sum(size.tables for size in own), sum(size.total_bytes for size in own),
            any(size.is_estimate for size in own), statuses.get(service.name)))
    return tuple(found)


def _statuses(readings: Readings, context: CheckContext) -> dict[str, ServiceStatus]:
    try:
        return {status.service.name: status for status in migrations.statuses(readings, context)}
    except ConsoleError:  # The check of the migrations says what is wrong with them.
        return {}


def _interval_s(query: Query[Any], context: CheckContext) -> float:
    variant = query.variant(context.info)
    return INTERVALS_S[variant.interval] if variant else SLOW_S
