-- record: SubscriptionState
-- interval: tick
-- This database's logical subscriptions (pg_subscription, which any role may read but for conninfo) and their workers:
-- one row each, by the worker that applies. From 16 on others may help it in parallel, from 17 on it says which it is.
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
        WHERE r.srsubid = s.oid AND r.srsubstate <> 'r') AS unready_tables,
    (SELECT count(*) FROM pg_catalog.pg_stat_subscription h
        WHERE h.subid = s.oid AND pg_catalog.to_jsonb(h) ->> 'leader_pid' IS NOT NULL) AS parallel_workers,
    NULL::int8 AS apply_errors,
    NULL::int8 AS sync_errors,
    NULL::text[] AS conflicts
FROM pg_catalog.pg_subscription s
JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = pg_catalog.current_database()
LEFT JOIN LATERAL (
    SELECT a.*
    FROM pg_catalog.pg_stat_subscription a
    WHERE a.subid = s.oid AND a.pid IS NOT NULL AND a.relid IS NULL
        AND pg_catalog.to_jsonb(a) ->> 'leader_pid' IS NULL
        AND coalesce(pg_catalog.to_jsonb(a) ->> 'worker_type', 'apply') = 'apply'
) w ON true
ORDER BY s.subname
