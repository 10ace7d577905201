-- record: WalSender
-- interval: tick
-- Who receives our WAL (pg_stat_replication), with the slot that it uses. lag_bytes: written here, not replayed there,
-- or not written there where nothing is replayed, which shows in what it reports, and before that in its name;
-- the intervals are what the receiver's last answers took. A plain role sees no addresses, states or positions.
SELECT
    r.pid,
    r.usename::text AS "user",
    r.application_name AS application,
    pg_catalog.host(r.client_addr) AS address,
    r.state,
    r.sync_state,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.sent_lsn)::int8 AS unsent_bytes,
    pg_catalog.pg_wal_lsn_diff(here.lsn, coalesce(r.replay_lsn, r.flush_lsn, r.write_lsn))::int8 AS lag_bytes,
    extract(epoch FROM r.write_lag)::float8 AS write_lag_s,
    extract(epoch FROM r.flush_lag)::float8 AS flush_lag_s,
    extract(epoch FROM r.replay_lag)::float8 AS replay_lag_s,
    s.slot_name::text AS slot,
    (r.replay_lsn IS NOT NULL OR (r.write_lsn IS NULL
        AND r.application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical'))) AS is_replaying
FROM pg_catalog.pg_stat_replication r
CROSS JOIN (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
    ELSE pg_catalog.pg_current_wal_lsn() END) here (lsn)
LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid
ORDER BY r.application_name, r.pid
