-- record: LastCheckpoint
-- needs: primary
-- interval: 30 s
-- The control file tells of the last complete checkpoint. What checkpoint_timeout shows (5min) is an interval, too.
SELECT
    greatest(0, extract(epoch FROM clock_timestamp() - c.checkpoint_time))::float8 AS age_s,
    extract(epoch FROM pg_catalog.current_setting('checkpoint_timeout')::interval)::float8 AS timeout_s,
    pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), c.redo_lsn)::int8 AS wal_bytes,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) AS segment_bytes
FROM pg_catalog.pg_control_checkpoint() c
