"""Reads and writes as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class IoTotals(Struct, frozen=True):
    """Reads and writes of relations by the whole server since `stats_reset` (pg_stat_io, 16 and later); times are 0
    unless track_io_timing is on."""

    read_bytes: int | None
    write_bytes: int | None
    extend_bytes: int | None
    evictions: int | None
    syncs: int | None
    read_ms: float | None
    write_ms: float | None
    stats_reset: dt.datetime | None


class IoCounters(Struct, frozen=True):
    """One row of pg_stat_io: what backends of a type did with an object in a context. None: cannot happen."""

    backend_type: str
    object: str
    context: str
    reads: int | None
    read_bytes: int | None
    read_ms: float | None
    writes: int | None
    write_bytes: int | None
    write_ms: float | None
    extends: int | None
    extend_bytes: int | None
    hits: int | None
    evictions: int | None
    reuses: int | None
    syncs: int | None
    sync_ms: float | None
    stats_reset: dt.datetime | None

    @property
    def key(self) -> str:
        return f"{self.backend_type}/{self.object}/{self.context}"


class SlruCounters(Struct, frozen=True):
    """A cache of transaction status and the like (pg_stat_slru); blocks are pages of 8 kB."""

    name: str
    blocks_hit: int
    blocks_read: int
    blocks_written: int
    blocks_zeroed: int
    flushes: int
    truncates: int
    stats_reset: dt.datetime | None

    @property
    def key(self) -> str:
        return self.name
