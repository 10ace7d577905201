-- record: StandbyLag
-- interval: tick
-- How far each streaming standby has replayed, in bytes of WAL since the server's first. replayed NULL: hidden.
-- What only stores WAL (pg_receivewal, pg_basebackup) is no standby.
SELECT coalesce(nullif(r.application_name, ''), r.pid::text) AS name,
    pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint AS written,
    pg_catalog.pg_wal_lsn_diff(r.replay_lsn, '0/0')::bigint AS replayed
FROM pg_catalog.pg_stat_replication AS r
WHERE r.state IS NULL OR r.state IN ('streaming', 'catchup')
    AND (r.replay_lsn IS NOT NULL OR (r.write_lsn IS NULL
        AND r.application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')))
