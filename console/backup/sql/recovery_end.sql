-- record: RecoveryEnd
-- interval: on demand
-- Where a recovery has ended. Both are of the recovery that this server has begun with.
SELECT
    pg_catalog.pg_last_xact_replay_timestamp() AS last_commit_at,
    coalesce(pg_catalog.pg_last_wal_replay_lsn(), '0/0')::text AS lsn
