-- record: IoCounters
-- interval: tick
SELECT
    o.backend_type,
    o.object,
    o.context,
    o.reads,
    o.read_bytes::int8 AS read_bytes,
    o.read_time::float8 AS read_ms,
    o.writes,
    o.write_bytes::int8 AS write_bytes,
    o.write_time::float8 AS write_ms,
    o.extends,
    o.extend_bytes::int8 AS extend_bytes,
    o.hits,
    o.evictions,
    o.reuses,
    o.fsyncs AS syncs,
    o.fsync_time::float8 AS sync_ms,
    o.stats_reset
FROM pg_catalog.pg_stat_io o
