-- record: WalWrites
-- interval: 30 s
-- From 18 on WAL is an object of pg_stat_io.
SELECT
    sum(o.writes)::int8 AS writes,
    sum(o.fsyncs)::int8 AS syncs,
    sum(o.write_time)::float8 AS write_ms,
    sum(o.fsync_time)::float8 AS sync_ms,
    pg_catalog.current_setting('track_wal_io_timing')::bool AS is_timed,
    max(o.stats_reset) AS stats_reset
FROM pg_catalog.pg_stat_io o
WHERE o.object = 'wal'
