-- record: Recovery
-- needs: standby
-- interval: tick
-- How far a standby is behind. While WAL streams, what was received and replayed counts, so that an idle primary is no
-- lag; without a receiver only the time of the last replayed transaction is known.
SELECT
    EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) AS is_streaming,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END AS is_paused,
    CASE WHEN pg_catalog.pg_last_wal_receive_lsn() IS NOT NULL THEN greatest(0, pg_catalog.pg_wal_lsn_diff(
        pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())) END::int8 AS lag_bytes,
    CASE WHEN pg_catalog.pg_last_xact_replay_timestamp() IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()))
    END::float8 AS last_replayed_age_s
