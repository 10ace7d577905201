-- record: WalWrites
-- interval: 30 s
SELECT
    w.wal_write AS writes,
    w.wal_sync AS syncs,
    w.wal_write_time AS write_ms,
    w.wal_sync_time AS sync_ms,
    pg_catalog.current_setting('track_wal_io_timing')::bool AS is_timed,
    w.stats_reset
FROM pg_catalog.pg_stat_wal w
