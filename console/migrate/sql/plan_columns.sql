-- record: ColumnFacts
-- interval: on demand
WITH asked AS MATERIALIZED (
    SELECT a.name, pg_catalog.to_regclass(a.name)::oid AS oid
    FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
)
SELECT
    a.name AS asked,
    t.attname::text AS name,
    CASE WHEN y.typnamespace = 'pg_catalog'::regnamespace THEN pg_catalog.format_type(t.atttypid, t.atttypmod)
        ELSE y.typname || COALESCE(pg_catalog.substring(pg_catalog.format_type(t.atttypid, t.atttypmod), '\([^)]*\)$'), '')
    END AS type,
    t.attnotnull AS not_null
FROM asked a
JOIN pg_catalog.pg_attribute t ON t.attrelid = a.oid
JOIN pg_catalog.pg_type y ON y.oid = t.atttypid
WHERE t.attnum > 0 AND NOT t.attisdropped
