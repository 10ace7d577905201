-- record: WalReceiver
-- interval: tick
-- Where a standby gets its WAL from (pg_stat_wal_receiver); no row on a primary. A plain role sees only the pid.
SELECT
    w.pid,
    w.status,
    w.sender_host AS host,
    w.sender_port AS port,
    w.slot_name AS slot,
    pg_catalog.pg_wal_lsn_diff(w.latest_end_lsn, w.flushed_lsn)::int8 AS lag_bytes,
    CASE WHEN w.last_msg_receipt_time IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)) END::float8 AS last_message_age_s
FROM pg_catalog.pg_stat_wal_receiver w
