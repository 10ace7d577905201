-- record: CompletionColumn
-- interval: on demand
-- The columns of the relations with these names, in every schema.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS relation,
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relname = ANY (%(names)s::text[])
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY n.nspname, c.relname, a.attnum
LIMIT 5000
