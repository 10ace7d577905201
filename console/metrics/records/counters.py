"""Counters and measures as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class ServerClock(Struct, frozen=True):
    """The server's clock: when the refresh's transaction began, and when this read, its last, ran; and whether it is a
    standby now, None in recordings that don't say."""

    began_at: dt.datetime
    taken_at: dt.datetime
    is_standby: bool | None = None


class DatabaseCounters(Struct, frozen=True):
    """What the connected database has counted since `stats_reset` (pg_stat_database).

    `block_read_ms` and `block_write_ms` are 0 unless track_io_timing is on; `checksum_failures` are pages that were not
    what had been written, None where the server keeps no checksums. Parallel workers are counted from PostgreSQL 18 on:
    those that plans wanted when they began, and those that came.
    """

    commits: int
    rollbacks: int
    blocks_read: int
    blocks_hit: int
    rows_returned: int
    rows_fetched: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    temp_files: int
    temp_bytes: int
    deadlocks: int
    conflicts: int
    sessions_opened: int
    block_read_ms: float
    block_write_ms: float
    stats_reset: dt.datetime | None
    checksum_failures: int | None = None
    parallel_workers_planned: int | None = None
    parallel_workers_launched: int | None = None


class WalCounters(Struct, frozen=True):
    """WAL written by the whole server since `stats_reset` (pg_stat_wal); on a standby (`is_replayed`) the position
    replayed up to."""

    wal_bytes: int | None
    is_replayed: bool
    records: int
    full_page_images: int
    buffers_full: int
    stats_reset: dt.datetime | None


class DatabaseSize(Struct, frozen=True):
    """pg_database_size() of the connected database."""

    database: str
    total_bytes: int


class FreezeAge(Struct, frozen=True):
    """How many transactions and multixacts ago a database was frozen (pg_database); both wrap at 2^31."""

    database: str
    transaction_age: int
    multixact_age: int
    freeze_max_age: int


class InvalidIndex(Struct, frozen=True):
    """An index that no query uses (pg_index): what a failed CREATE INDEX CONCURRENTLY left.

    `is_maintained` says that every write still pays for it; `invalid` is the number of all of them.
    """

    schema: str
    table: str
    index: str
    is_maintained: bool
    invalid: int


class Standby(Struct, frozen=True):
    """A WAL sender's other end (pg_stat_replication); None where the role may not see it or nothing is in flight."""

    pid: int
    name: str | None
    state: str | None
    sync_state: str | None
    lag_bytes: int | None
    lag_s: float | None


class ClusterName(Struct, frozen=True):
    """The server's cluster_name, which it gives as application_name where it is a standby; empty by default."""

    name: str


class Recovery(Struct, frozen=True):
    """A standby's own view: bytes received but not replayed, and the age of the last replayed transaction."""

    is_streaming: bool
    is_paused: bool
    lag_bytes: int | None
    last_replayed_age_s: float | None


class ReplicationSlot(Struct, frozen=True):
    """pg_replication_slots: `retained_bytes` of WAL kept for it, None where it keeps none; `inactive_age_s`: how long
    nobody has read from it, None for an active one and before 17."""

    name: str
    type: str
    database: str | None
    is_active: bool
    is_temporary: bool
    wal_status: str | None
    safe_bytes: int | None
    retained_bytes: int | None
    inactive_age_s: float | None = None


class PreparedTransaction(Struct, frozen=True):
    """A transaction prepared for two-phase commit (pg_prepared_xacts); `prepared` is the number of all of them."""

    gid: str
    owner: str
    database: str
    age_s: float
    prepared: int


class SchemaSize(Struct, frozen=True):
    """A schema's tables and bytes (heap, indexes, TOAST); `is_estimate`: from the last vacuum or analyze."""

    schema: str
    tables: int
    total_bytes: int
    is_estimate: bool
