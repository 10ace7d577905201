-- record: Standby
-- interval: 30 s
-- Who replicates from this server, and not what only stores its WAL (pg_receivewal, pg_basebackup): that shows in what
-- it reports, and before that in its name. A role without pg_read_all_stats sees that they exist, not how far they are.
SELECT
    r.pid,
    r.application_name AS name,
    r.state,
    r.sync_state,
    pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END,
        r.replay_lsn)::int8 AS lag_bytes,
    CASE WHEN r.replay_lag IS NOT NULL THEN greatest(0, extract(epoch FROM r.replay_lag)) END::float8 AS lag_s
FROM pg_catalog.pg_stat_replication r
WHERE r.state IS DISTINCT FROM 'backup'
    AND (r.replay_lsn IS NOT NULL OR (r.write_lsn IS NULL
        AND r.application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')))
ORDER BY r.replay_lag DESC NULLS LAST
