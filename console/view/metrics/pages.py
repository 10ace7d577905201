"""The pictures of each page, in their order."""

from __future__ import annotations

from console.text import format as fmt
from console.view.metrics.plots import Plot, Threshold


def _busy(value: float | None) -> str:
    """Milliseconds a second as a share of the time."""
    return fmt.percent(value)


SELDOM = "measured every 30 s: known from the second time on"

LOAD = (
    Plot(title="transactions/s", short="tx/s", series={"commits_per_s": "commits", "rollbacks_per_s": "rollbacks"}),
    Plot(title="connections", short="conn", text=fmt.count,
         threshold=Threshold("connections", 0.01, "usable_connections"),
         series={"active": "active", "idle_in_transaction": "in tx", "idle": "idle"}),
    Plot(title="rows written/s", short="written/s", series={"rows_inserted_per_s": "ins", "rows_updated_per_s": "upd",
                                         "rows_deleted_per_s": "del"}),
    Plot(title="rows read/s", short="read/s", shape="lines",
         series={"rows_fetched_per_s": "fetched", "rows_returned_per_s": "returned"}),
    Plot(title="cache hit", series={"cache_hit_percent": ""}, text=fmt.percent, low=None, high=100.0,
         threshold=Threshold("cache_hit")),
    Plot(title="temporary files", series={"temp_bytes_per_s": ""}, text=fmt.rate, base=1024.0,
         threshold=Threshold("temp_files", 1 / 3600)),
    Plot(title="errors", shape="counts", text=fmt.count,
         series={"deadlocks_per_s": "deadlocks", "conflicts_per_s": "conflicts"}),
    Plot(title="new connections/s", series={"sessions_opened_per_s": ""}),
    Plot(title="parallel workers/s", short="workers/s", shape="lines", needs="counted from PostgreSQL 18 on",
         series={"parallel_workers_planned_per_s": "wanted", "parallel_workers_launched_per_s": "came"}),
)

HOST = (
    Plot(title="this machine's CPU", text=fmt.percent, high=100.0,
         series={"host_cpu_percent": "busy", "host_io_percent": "waiting"}),
    Plot(title="this machine's", shape="lines", text=fmt.percent, high=100.0,
         series={"host_memory_percent": "memory", "host_disk_percent": "data disk"}),
)
"""Where the server is proven to run on this machine."""

WAL = (
    Plot(title="WAL", series={"wal_bytes_per_s": ""}, text=fmt.rate, base=1024.0),
    Plot(title="WAL/s", shape="lines",
         series={"full_page_images_per_s": "full pages", "wal_buffers_full_per_s": "buffers full"}),
    Plot(needs=SELDOM, title="checkpoints", shape="counts", text=fmt.count,
         series={"checkpoints_timed_per_s": "timed", "checkpoints_requested_per_s": "requested"}),
    Plot(needs=SELDOM, title="checkpointing", factor=0.1, text=_busy,
         series={"checkpoint_write_ms_per_s": "write", "checkpoint_sync_ms_per_s": "sync"}),
    Plot(needs=SELDOM, title="pages written/s",
         series={"checkpoint_buffers_per_s": "checkpointer", "buffers_clean_per_s": "bgwriter",
                 "buffers_backend_per_s": "backends"}),
    Plot(needs=SELDOM, title="WAL files/s", shape="lines",
         series={"wal_writes_per_s": "writes", "wal_syncs_per_s": "syncs"}),
    Plot(needs=SELDOM, title="archived", shape="counts", text=fmt.count,
         series={"archived_per_s": "segments", "archive_failures_per_s": "failures"}),
    Plot(needs=SELDOM, title="pages allocated/s", series={"buffers_allocated_per_s": ""}),
)

IO = (
    Plot(title="relations", text=fmt.rate, base=1024.0, needs=SELDOM,
         series={"io_read_bytes_per_s": "read", "io_write_bytes_per_s": "write", "io_extend_bytes_per_s": "extend"}),
    Plot(title="I/O time", factor=0.1, text=_busy, needs=SELDOM,
         series={"io_read_ms_per_s": "read", "io_write_ms_per_s": "write"}),
)

VACUUM = (
    Plot(title="autovacuum workers", needs=SELDOM, series={"workers": ""}, text=fmt.count),
    Plot(title="oldest", shape="lines", needs=SELDOM, text=fmt.count, threshold=Threshold("wraparound", 2**31 / 100),
         series={"oldest_transaction_age": "transaction", "oldest_multixact_age": "multixact"}),
)

SIZES = (
    Plot(title="this database", series={"database_bytes": ""}, text=fmt.size, base=1024.0,
         threshold=Threshold("database_size")),
)
