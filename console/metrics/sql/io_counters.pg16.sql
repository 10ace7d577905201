-- record: IoCounters
-- interval: tick
SELECT
    o.backend_type,
    o.object,
    o.context,
    o.reads,
    o.reads * o.op_bytes AS read_bytes,
    o.read_time::float8 AS read_ms,
    o.writes,
    o.writes * o.op_bytes AS write_bytes,
    o.write_time::float8 AS write_ms,
    o.extends,
    o.extends * o.op_bytes AS extend_bytes,
    o.hits,
    o.evictions,
    o.reuses,
    o.fsyncs AS syncs,
    o.fsync_time::float8 AS sync_ms,
    o.stats_reset
FROM pg_catalog.pg_stat_io o
