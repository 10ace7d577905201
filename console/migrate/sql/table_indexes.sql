-- record: IndexRow
-- interval: on demand
-- The indexes of the table that `relation` is, or that the index `relation` belongs to. A CREATE INDEX CONCURRENTLY
-- that failed leaves one that is not valid; so does one that is under way, by builder_pid.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS quoted,
    i.indisvalid AS is_valid,
    (SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) AS builder_pid
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = coalesce(
    (SELECT own.indrelid FROM pg_catalog.pg_index own WHERE own.indexrelid = %(relation)s::oid), %(relation)s::oid)
ORDER BY c.relname
