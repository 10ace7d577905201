"""Replication as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class WalSender(Struct, frozen=True):
    """A receiver of our WAL (pg_stat_replication). Bytes behind what is written here, the lags in seconds as the
    receiver last reported; None where the role may not see it or nothing is in flight. `is_replaying`: False of what
    stores WAL and replays none of it, as pg_receivewal and pg_basebackup do; its lag is to what it has written."""

    pid: int
    user: str | None
    application: str | None
    address: str | None
    state: str | None
    sync_state: str | None
    unsent_bytes: int | None
    lag_bytes: int | None
    write_lag_s: float | None
    flush_lag_s: float | None
    replay_lag_s: float | None
    slot: str | None
    is_replaying: bool = True


class WalReceiver(Struct, frozen=True):
    """Where a standby gets its WAL from (pg_stat_wal_receiver); `lag_bytes` sent but not flushed here."""

    pid: int
    status: str | None
    host: str | None
    port: int | None
    slot: str | None
    lag_bytes: int | None
    last_message_age_s: float | None


class RecoveryState(Struct, frozen=True):
    """What a standby's startup process does (pg_stat_recovery, PostgreSQL 19 on). `pause_state` is `not paused`,
    `pause requested` or `paused`; `chunk_age_s`: for how long it has been replaying what it got at once."""

    pause_state: str | None
    is_promoting: bool
    timeline: int | None
    chunk_age_s: float | None


class SlotFacts(Struct, frozen=True):
    """A replication slot beyond the WAL that it keeps (pg_replication_slots). Ages of xmin in transactions; None also
    where the server's version doesn't say (is_conflicting before 16, the next two before 17, the last before 19: why
    a standby doesn't bring it up to date)."""

    name: str
    plugin: str | None
    active_pid: int | None
    xmin_age: int | None
    catalog_xmin_age: int | None
    is_conflicting: bool | None
    inactive_age_s: float | None
    invalidation_reason: str | None
    sync_skip_reason: str | None = None


class SubscriptionState(Struct, frozen=True):
    """A logical subscription of this database (pg_subscription, pg_stat_subscription, pg_stat_subscription_stats).

    `pid` None: no worker applies. Errors and `conflicts` (their kind and number) are since the statistics' reset; None
    where the server's version doesn't count them.
    """

    name: str
    is_enabled: bool
    publications: list[str]
    slot: str | None
    pid: int | None
    lag_bytes: int | None
    last_message_age_s: float | None
    unready_tables: int
    parallel_workers: int = 0
    apply_errors: int | None = None
    sync_errors: int | None = None
    conflicts: list[str] | None = None
