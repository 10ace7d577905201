"""What the sampler publishes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from console.check.records import CheckResult, Status
from console.errors import ConsoleError
from console.server.info import ServerInfo
from console.server.session import Readings
from console.services import Service

if TYPE_CHECKING:
    from console.activity.summary.records import SessionCounts
    from console.metrics.local import HostLoad
    from console.migrate.records import ServiceStatus  # not at run time: a target without services needs no engine


class ServiceFootprint(Struct, frozen=True):
    """A service with its tables and bytes (heap, indexes, TOAST), summed over its schemas.

    None: not read yet, or not readable (see Snapshot.unavailable["metrics.schema_sizes"]). `is_estimate`: from the last
    vacuum or analyze. `migrations` is None where dbconsole doesn't apply them, or the ledger can't be read.
    """

    service: Service
    tables: int | None = None
    total_bytes: int | None = None
    is_estimate: bool = False
    migrations: ServiceStatus | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """A target as one tick found it; None where the server didn't say or no rate can be formed.

    `taken_at` is by the server's clock, `monotonic_s` by ours: now - monotonic_s is the age of the data. With `error`
    the last try failed, and everything else is of the last tick that didn't (`results` without one: unreachable).
    `cache_hit_percent` and the rates are of the interval since the tick before, for the connected database;
    `sessions` and `wal_bytes_per_s` for the whole server. `rtt_ms` leaves out the server's own work.
    `host` is the machine, where the server is proven to run on this one (else `why_no_host`).
    `measures` are the latest of every series of sampler.series. `unavailable` gives, by query name, why a read has no
    rows; `readings` are the rows of all reads.
    """

    monotonic_s: float
    taken_at: dt.datetime | None = None
    info: ServerInfo | None = None
    error: ConsoleError | None = None
    results: tuple[CheckResult, ...] = ()
    rtt_ms: float | None = None
    sessions: SessionCounts | None = None
    transactions_per_s: float | None = None
    commits_per_s: float | None = None
    rollbacks_per_s: float | None = None
    cache_hit_percent: float | None = None
    wal_bytes_per_s: float | None = None
    database_bytes: int | None = None
    host: HostLoad | None = None
    why_no_host: str = ""
    measures: Mapping[str, float | None] = field(default_factory=dict)
    services: tuple[ServiceFootprint, ...] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)
    readings: Readings = field(default_factory=lambda: Readings({}))


class Alert(Struct, frozen=True):
    """A check that is, or was, WARNING or CRITICAL; times are by the server's clock.

    `result` is the latest that was bad, `worst` the worst, by status first and then by value. `acknowledged` is the
    status that a person has taken note of, None while nobody has.
    """

    result: CheckResult
    worst: CheckResult
    since: dt.datetime
    ended_at: dt.datetime | None = None
    acknowledged: Status | None = None

    @property
    def name(self) -> str:
        return self.result.name

    @property
    def key(self) -> str:
        return f"{self.name} {self.since.isoformat()}"
