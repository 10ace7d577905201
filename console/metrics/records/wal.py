"""WAL, checkpoints and archiving as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class WalWrites(Struct, frozen=True):
    """Writes and syncs of WAL since `stats_reset` (pg_stat_wal, from 18 on pg_stat_io); times are 0 unless `is_timed`
    (track_wal_io_timing)."""

    writes: int | None
    syncs: int | None
    write_ms: float | None
    sync_ms: float | None
    is_timed: bool
    stats_reset: dt.datetime | None


class Checkpoints(Struct, frozen=True):
    """Checkpoints (restartpoints on a standby) and the background writer since `stats_reset` and `writer_stats_reset`
    (pg_stat_bgwriter, from 17 on pg_stat_checkpointer too); buffers are pages.

    `buffers_backend` and `backend_syncs` are what backends had to write themselves: None from 17 on, where pg_stat_io
    counts it. `clean_stops`: how often the background writer stopped because it had written too much.
    """

    timed: int
    requested: int
    write_ms: float
    sync_ms: float
    buffers_written: int
    buffers_clean: int
    clean_stops: int
    buffers_backend: int | None
    backend_syncs: int | None
    buffers_allocated: int
    last_age_s: float
    timeout_s: int
    max_wal_bytes: int
    is_standby: bool
    stats_reset: dt.datetime | None
    writer_stats_reset: dt.datetime | None


class Archiver(Struct, frozen=True):
    """Archived segments since `stats_reset` (pg_stat_archiver); `is_failing`: the last thing was a failure."""

    mode: str
    archived: int
    failed: int
    last_archived_wal: str | None
    last_archived_age_s: float | None
    last_failed_wal: str | None
    last_failed_age_s: float | None
    is_failing: bool | None
    stats_reset: dt.datetime | None


class ArchiveBacklog(Struct, frozen=True):
    """Segments that wait to be archived (pg_ls_archive_statusdir) and the age of the oldest."""

    segments: int
    oldest_age_s: float | None


class WalDirectory(Struct, frozen=True):
    """What pg_wal holds (pg_ls_waldir)."""

    files: int
    total_bytes: int
