-- record: IoTotals
-- interval: 30 s
-- The whole server's reads and writes of relations; WAL is counted by wal_writes.
SELECT
    sum(o.read_bytes)::int8 AS read_bytes,
    sum(o.write_bytes)::int8 AS write_bytes,
    sum(o.extend_bytes)::int8 AS extend_bytes,
    sum(o.evictions)::int8 AS evictions,
    sum(o.fsyncs)::int8 AS syncs,
    sum(o.read_time)::float8 AS read_ms,
    sum(o.write_time)::float8 AS write_ms,
    max(o.stats_reset) AS stats_reset
FROM pg_catalog.pg_stat_io o
WHERE o.object <> 'wal'
