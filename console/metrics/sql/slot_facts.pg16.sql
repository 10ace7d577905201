-- record: SlotFacts
-- interval: tick
-- What pg_replication_slots says about each slot beyond its WAL. From 16 on: whether recovery conflicted with it.
SELECT
    s.slot_name::text AS name,
    s.plugin::text AS plugin,
    s.active_pid,
    pg_catalog.age(s.xmin) AS xmin_age,
    pg_catalog.age(s.catalog_xmin) AS catalog_xmin_age,
    s.conflicting AS is_conflicting,
    NULL::float8 AS inactive_age_s,
    NULL::text AS invalidation_reason,
    NULL::text AS sync_skip_reason
FROM pg_catalog.pg_replication_slots s
