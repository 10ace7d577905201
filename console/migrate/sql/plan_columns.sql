-- record: ColumnFacts
-- interval: on demand
WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (a.name) a.name, r.oid
    FROM ROWS FROM (pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(relations)s::text[])) AS a (name, schema, relation)
    JOIN pg_catalog.pg_class r ON r.relname = a.relation::name
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace AND (s.nspname = a.schema::name
        OR a.schema IS NULL AND s.nspname = ANY (%(path)s::text[]) AND pg_catalog.has_schema_privilege(s.oid, 'USAGE'))
    ORDER BY a.name, pg_catalog.array_position(%(path)s::text[], s.nspname::text)
)
SELECT
    a.name AS asked,
    t.attname::text AS name,
    CASE WHEN y.typnamespace = 'pg_catalog'::regnamespace THEN pg_catalog.format_type(t.atttypid, t.atttypmod)
        ELSE y.typname || COALESCE(pg_catalog.substring(pg_catalog.format_type(t.atttypid, t.atttypmod), '\([^)]*\)$'), '')
    END AS type,
    t.attnotnull AS not_null,
    t.attgenerated::text AS generated
FROM asked a
JOIN pg_catalog.pg_attribute t ON t.attrelid = a.oid
JOIN pg_catalog.pg_type y ON y.oid = t.atttypid
WHERE t.attnum > 0 AND NOT t.attisdropped
