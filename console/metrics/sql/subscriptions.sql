-- record: SubscriptionState
-- interval: tick
-- This database's logical subscriptions (pg_subscription, which any role may read but for conninfo) and their workers.
SELECT
    s.subname::text AS name,
    s.subenabled AS is_enabled,
    s.subpublications AS publications,
    s.subslotname::text AS slot,
    w.pid,
    pg_catalog.pg_wal_lsn_diff(w.received_lsn, w.latest_end_lsn)::int8 AS lag_bytes,
    CASE WHEN w.last_msg_receipt_time IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)) END::float8 AS last_message_age_s,
    (SELECT count(*) FROM pg_catalog.pg_subscription_rel r
        WHERE r.srsubid = s.oid AND r.srsubstate <> 'r') AS unready_tables
FROM pg_catalog.pg_subscription s
JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_stat_subscription w ON w.subid = s.oid AND w.relid IS NULL
    AND w.pid IS NOT NULL
ORDER BY s.subname
