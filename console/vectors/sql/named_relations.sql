-- record: KnownRelation
-- interval: on demand
-- The tables and views of some names, of whatever schema, with their columns; of views what they ask.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS relkind,
    ARRAY(
        SELECT a.attname::text
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    ) AS columns,
    CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
    coalesce('security_barrier=true' = ANY (c.reloptions), false) AS is_security_barrier
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY (%(names)s::text[]) AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
ORDER BY n.nspname, c.relname
