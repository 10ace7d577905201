"""Replication as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class WalSender(Struct, frozen=True):
    """A receiver of our WAL (pg_stat_replication). Bytes behind what is written here, the lags in seconds as the
    receiver last reported; None where the role may not see it or nothing is in flight."""

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


class WalReceiver(Struct, frozen=True):
    """Where a standby gets its WAL from (pg_stat_wal_receiver); `lag_bytes` sent but not flushed here."""

    pid: int
    status: str | None
    host: str | None
    port: int | None
    slot: str | None
    lag_bytes: int | None
    last_message_age_s: float | None


class SlotFacts(Struct, frozen=True):
    """A replication slot beyond the WAL that it keeps (pg_replication_slots). Ages of xmin in transactions; None also
    where the server's version doesn't say (is_conflicting before 16, the last two before 17)."""

    name: str
    plugin: str | None
    active_pid: int | None
    xmin_age: int | None
    catalog_xmin_age: int | None
    is_conflicting: bool | None
    inactive_age_s: float | None
    invalidation_reason: str | None


class SubscriptionState(Struct, frozen=True):
    """A logical subscription of this database (pg_subscription, pg_stat_subscription); `pid` None: no worker runs."""

    name: str
    is_enabled: bool
    publications: list[str]
    slot: str | None
    pid: int | None
    lag_bytes: int | None
    last_message_age_s: float | None
    unready_tables: int
