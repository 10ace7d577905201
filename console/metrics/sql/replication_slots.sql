-- record: ReplicationSlot
-- interval: 30 s
-- retained_bytes: the WAL that the slot keeps from being removed. safe_bytes: what may still be written before the slot
-- is lost, NULL without max_slot_wal_keep_size.
SELECT
    s.slot_name::text AS name,
    s.slot_type AS type,
    s.database::text AS database,
    s.active AS is_active,
    s.temporary AS is_temporary,
    s.wal_status,
    s.safe_wal_size AS safe_bytes,
    CASE WHEN s.restart_lsn IS NOT NULL THEN greatest(0, pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END,
        s.restart_lsn)) END::int8 AS retained_bytes,
    NULL::float8 AS inactive_age_s
FROM pg_catalog.pg_replication_slots s
ORDER BY retained_bytes DESC NULLS LAST, s.slot_name
