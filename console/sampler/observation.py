"""What is known of one target: the last rows of every read, when each is due again, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from console.activity.read import SESSION_COUNTS
from console.check.checks import migrations
from console.check.evaluation import evaluate, reads_of
from console.check.records import Context, Result
from console.check.registry import ConfiguredCheck
from console.errors import ConsoleError
from console.metrics.rates import network_ms
from console.metrics.read import DATABASE_COUNTERS, DATABASE_SIZE, SCHEMA_SIZES, SERVER_CLOCK, WAL_COUNTERS
from console.metrics.records import SchemaSize
from console.sampler.records import ServiceFootprint, Snapshot
from console.sampler.series import Look, Rates, rates
from console.server.query import Query
from console.server.session import Readings
from console.services import Service

if TYPE_CHECKING:
    from console.migrate.records import ServiceStatus

OWN_READS: tuple[Query[Any], ...] = (
    SESSION_COUNTS, DATABASE_COUNTERS, WAL_COUNTERS, SCHEMA_SIZES, DATABASE_SIZE, SERVER_CLOCK)
SLOW_S = 30.0
INTERVALS_S = {"tick": 0.0, "30 s": SLOW_S, "on demand": SLOW_S, "5 min": 300.0}
_READLESS = "checks without reads"


class Observation:
    """Takes readings, gives snapshots. A read that has a longer interval keeps its rows until it is asked again."""

    def __init__(self, checks: Sequence[ConfiguredCheck], services: tuple[Service, ...]) -> None:
        self._checks = checks
        self._services = services
        self._due_s: dict[str, float] = {}
        self._rows: dict[str, Sequence[Any]] = {}
        self._reasons: dict[str, str] = {}
        self._results: dict[str, Result] = {}
        self._statuses: dict[str, ServiceStatus] = {}
        self._look: Look | None = None
        self._rates = Rates()
        self._wall_ms = 0.0
        self._rtt_ms: float | None = None

    def due(self, context: Context, now_s: float) -> tuple[list[Query[Any]], list[Query[Any]]]:
        """What to ask now: the quick reads, and those of sizes, which are asked apart."""
        wanted = {query.name: query for query in (*reads_of(self._checks, context), *OWN_READS)}
        due = [query for query in wanted.values() if now_s >= self._due_s.get(query.name, now_s)]
        quick = [query for query in due if _interval_s(query, context) <= SLOW_S]
        return quick, [query for query in due if query not in quick]

    def take(self, queries: Iterable[Query[Any]], readings: Readings, context: Context, now_s: float) -> None:
        """The answers to `queries`; a read that failed loses its earlier rows."""
        for query in queries:
            self._due_s[query.name] = now_s + _interval_s(query, context)
            rows = readings.rows(query)
            if rows is None:
                self._rows.pop(query.name, None)
                self._reasons[query.name] = readings.why(query) or "not answered"
            else:
                self._rows[query.name] = rows
                self._reasons.pop(query.name, None)

    def judge(self, asked: Iterable[Query[Any]], context: Context, now_s: float) -> None:
        """Evaluates the checks that `asked` concerns; the migrations' reads files."""
        names = {query.name for query in asked}
        readless = now_s >= self._due_s.get(_READLESS, now_s)
        if readless:
            self._due_s[_READLESS] = now_s + SLOW_S
        readings = self._readings()
        known = self._rows.keys() | self._reasons.keys()
        concerned = []
        for one in self._checks:
            wanted = {query.name for query in reads_of([one], context)}
            if wanted <= known and (wanted & names or (readless and not wanted)):
                concerned.append(one)
        self._results.update((result.name, result) for result in evaluate(concerned, readings, context))
        if any(one.check is migrations.CHECK for one in concerned):
            self._statuses = _statuses(readings, context)

    def measure(self, readings: Readings, context: Context, every_s: float) -> None:
        """The rates of the interval that ends with these readings."""
        clock = readings.first(SERVER_CLOCK)
        now = Look(clock.taken_at if clock else None, context.info.started_at,
                   readings.first(DATABASE_COUNTERS), readings.first(WAL_COUNTERS))
        self._rates = rates(self._look, now, every_s)
        self._look = now
        self._wall_ms = readings.rtt_ms
        self._rtt_ms = network_ms(readings.rtt_ms, clock) if clock else None

    def snapshot(self, context: Context, monotonic_s: float) -> Snapshot:
        readings = self._readings()
        size = readings.first(DATABASE_SIZE)
        found = self._rates
        return Snapshot(
            monotonic_s=monotonic_s, taken_at=self._look.taken_at if self._look else None, info=context.info,
            results=tuple(self._results[one.check.name] for one in self._checks if one.check.name in self._results),
            rtt_ms=self._rtt_ms, sessions=readings.first(SESSION_COUNTS),
            transactions_per_s=found.transactions_per_s, commits_per_s=found.commits_per_s,
            rollbacks_per_s=found.rollbacks_per_s, cache_hit_percent=found.cache_hit_percent,
            wal_bytes_per_s=found.wal_bytes_per_s, database_bytes=size.total_bytes if size else None,
            services=footprints(self._services, readings.rows(SCHEMA_SIZES), self._statuses),
            unavailable=readings.unavailable, readings=readings)

    def _readings(self) -> Readings:
        return Readings(dict(self._rows), dict(self._reasons), self._wall_ms)


def footprints(services: Iterable[Service], sizes: Iterable[SchemaSize] | None,
               statuses: dict[str, ServiceStatus]) -> tuple[ServiceFootprint, ...]:
    """The services with what their schemas hold; a schema that doesn't exist holds nothing."""
    if sizes is None:
        return tuple(ServiceFootprint(one, migrations=statuses.get(one.name)) for one in services)
    by_schema = {size.schema: size for size in sizes}
    found = []
    for service in services:
        own = [by_schema[schema] for schema in service.schemas if schema in by_schema]
        found.append(ServiceFootprint(
            service, sum(one.tables for one in own), sum(one.total_bytes for one in own),
            any(one.is_estimate for one in own), statuses.get(service.name)))
    return tuple(found)


def _statuses(readings: Readings, context: Context) -> dict[str, ServiceStatus]:
    try:
        return {one.service.name: one for one in migrations.statuses(readings, context)}
    except ConsoleError:  # The check of the migrations says what is wrong with them.
        return {}


def _interval_s(query: Query[Any], context: Context) -> float:
    variant = query.variant(context.info)
    return INTERVALS_S[variant.interval] if variant else SLOW_S
