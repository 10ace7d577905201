-- record: WalCounters
-- interval: tick
-- WAL written on a primary (pg_stat_wal), replayed on a standby.
SELECT
    CASE
        WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_replay_lsn(), '0/0')
        ELSE w.wal_bytes
    END::int8 AS wal_bytes,
    pg_catalog.pg_is_in_recovery() AS is_replayed,
    w.wal_records AS records,
    w.wal_fpi AS full_page_images,
    w.wal_buffers_full AS buffers_full,
    w.stats_reset
FROM pg_catalog.pg_stat_wal w
