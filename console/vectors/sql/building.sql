-- record: Building
-- interval: on demand
-- Indexes of this database that a session builds at this moment (pg_stat_progress_create_index). Until it is through
-- they look like what a failed build leaves.
SELECT p.index_relid::bigint AS index_oid, p.relid::bigint AS relation_oid, p.pid
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.datname = pg_catalog.current_database() AND p.index_relid <> 0
