-- record: CheckpointCounts
-- needs: primary
-- interval: 30 s
-- Checkpoints that time brought, and those that WAL (max_wal_size) or a command did (pg_stat_bgwriter).
SELECT
    b.checkpoints_timed AS timed,
    b.checkpoints_req AS requested
FROM pg_catalog.pg_stat_bgwriter b
