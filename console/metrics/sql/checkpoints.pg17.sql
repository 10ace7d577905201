-- record: Checkpoints
-- interval: 30 s
-- From 17 on the checkpointer has a view of its own; a standby counts restartpoints. What backends write themselves
-- stands in pg_stat_io.
SELECT
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN p.restartpoints_timed ELSE p.num_timed END AS timed,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN p.restartpoints_req ELSE p.num_requested END AS requested,
    p.write_time::float8 AS write_ms,
    p.sync_time::float8 AS sync_ms,
    p.buffers_written,
    w.buffers_clean,
    w.maxwritten_clean AS clean_stops,
    NULL::int8 AS buffers_backend,
    NULL::int8 AS backend_syncs,
    w.buffers_alloc AS buffers_allocated,
    greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - c.checkpoint_time))::float8 AS last_age_s,
    extract(epoch FROM pg_catalog.current_setting('checkpoint_timeout')::interval)::int8 AS timeout_s,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')) AS max_wal_bytes,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    p.stats_reset,
    w.stats_reset AS writer_stats_reset
FROM pg_catalog.pg_stat_checkpointer p
CROSS JOIN pg_catalog.pg_stat_bgwriter w
CROSS JOIN pg_catalog.pg_control_checkpoint() c
