-- record: TouchedIndex
-- interval: on demand
-- The indexes of some tables, as they are used.
SELECT
    i.indrelid::int8 AS relation_id,
    c.relname::text AS name,
    pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(c.oid), '^.*? USING ', '') AS definition,
    i.indisunique AS is_unique,
    i.indisvalid AS is_valid,
    pg_catalog.pg_relation_size(c.oid) AS total_bytes,
    pg_catalog.pg_stat_get_numscans(c.oid) AS scans
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%(relation_ids)s::oid[])
ORDER BY i.indrelid, pg_catalog.pg_stat_get_numscans(c.oid) DESC, c.relname
LIMIT 200
