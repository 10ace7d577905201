"""From two looks at the counters to the rates of the interval between, and the series that are kept of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from console.metrics.rates import growth, hit_percent, interval_s, rate
from console.metrics.records import DatabaseCounters, WalCounters
from console.sampler.records import Snapshot

SERIES = (
    "transactions_per_s", "commits_per_s", "rollbacks_per_s", "cache_hit_percent", "wal_bytes_per_s", "connections",
    "active", "idle", "idle_in_transaction", "rtt_ms", "database_bytes",
)
"""The names in the sampler's History: fields of Snapshot, and of its `sessions`."""


def series_of(snapshot: Snapshot) -> dict[str, float | None]:
    """A snapshot as one sample of the history; without `sessions` theirs are gaps."""
    return {name: getattr(snapshot, name) if hasattr(snapshot, name) else getattr(snapshot.sessions, name, None)
            for name in SERIES}


@dataclass(frozen=True, slots=True)
class Look:
    """The counters at one moment of the server's clock."""

    taken_at: dt.datetime | None
    started_at: dt.datetime | None
    database: DatabaseCounters | None
    wal: WalCounters | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one interval; None where none can be formed. Per second, and percent."""

    commits_per_s: float | None = None
    rollbacks_per_s: float | None = None
    cache_hit_percent: float | None = None
    wal_bytes_per_s: float | None = None

    @property
    def transactions_per_s(self) -> float | None:
        if self.commits_per_s is None or self.rollbacks_per_s is None:
            return None
        return self.commits_per_s + self.rollbacks_per_s


def rates(before: Look | None, now: Look, every_s: float) -> Rates:
    """What happened from one look to the next. A reset, a restart, a promotion or a late look give gaps."""
    if before is None or before.taken_at is None or now.taken_at is None:
        return Rates()
    server = (before.started_at, now.started_at)
    earlier, later = before.taken_at.timestamp(), now.taken_at.timestamp()
    old, new = before.database, now.database
    commits = rollbacks = hit = wal = None
    if old is not None and new is not None:
        seconds = interval_s(earlier, later, every_s, server, (old.stats_reset, new.stats_reset))
        commits = rate(old.commits, new.commits, seconds)
        rollbacks = rate(old.rollbacks, new.rollbacks, seconds)
        if seconds is not None:
            hit = hit_percent(growth(old.blocks_hit, new.blocks_hit), growth(old.blocks_read, new.blocks_read))
    if before.wal is not None and now.wal is not None:
        seconds = interval_s(earlier, later, every_s, server, (before.wal.stats_reset, now.wal.stats_reset),
                             (before.wal.is_replayed, now.wal.is_replayed))
        wal = rate(before.wal.wal_bytes, now.wal.wal_bytes, seconds)
    return Rates(commits, rollbacks, hit, wal)
