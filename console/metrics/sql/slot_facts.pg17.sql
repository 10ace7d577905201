-- record: SlotFacts
-- interval: tick
-- What pg_replication_slots says about each slot beyond its WAL. From 17 on: inactive since when, and why invalid;
-- from 19 on: why a standby does not synchronise it.
SELECT
    s.slot_name::text AS name,
    s.plugin::text AS plugin,
    s.active_pid,
    pg_catalog.age(s.xmin) AS xmin_age,
    pg_catalog.age(s.catalog_xmin) AS catalog_xmin_age,
    s.conflicting AS is_conflicting,
    CASE WHEN NOT s.active THEN
        greatest(0, extract(epoch FROM clock_timestamp() - s.inactive_since)) END::float8 AS inactive_age_s,
    s.invalidation_reason AS invalidation_reason,
    nullif(pg_catalog.to_jsonb(s) ->> 'slotsync_skip_reason', 'none') AS sync_skip_reason
FROM pg_catalog.pg_replication_slots s
