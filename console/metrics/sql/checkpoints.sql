-- record: Checkpoints
-- interval: 30 s
SELECT
    w.checkpoints_timed AS timed,
    w.checkpoints_req AS requested,
    w.checkpoint_write_time::float8 AS write_ms,
    w.checkpoint_sync_time::float8 AS sync_ms,
    w.buffers_checkpoint AS buffers_written,
    w.buffers_clean,
    w.maxwritten_clean AS clean_stops,
    w.buffers_backend,
    w.buffers_backend_fsync AS backend_syncs,
    w.buffers_alloc AS buffers_allocated,
    greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - c.checkpoint_time))::float8 AS last_age_s,
    extract(epoch FROM pg_catalog.current_setting('checkpoint_timeout')::interval)::int8 AS timeout_s,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')) AS max_wal_bytes,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    w.stats_reset,
    w.stats_reset AS writer_stats_reset
FROM pg_catalog.pg_stat_bgwriter w
CROSS JOIN pg_catalog.pg_control_checkpoint() c
