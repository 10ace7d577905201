-- record: CheckpointCounts
-- needs: primary
-- interval: 30 s
-- Checkpoints that time brought, and those that WAL (max_wal_size) or a command did (pg_stat_checkpointer).
SELECT
    c.num_timed AS timed,
    c.num_requested AS requested
FROM pg_catalog.pg_stat_checkpointer c
