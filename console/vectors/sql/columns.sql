-- record: VectorColumn
-- interval: on demand
-- Every column that pgvector's operators compare, of any schema; bit(n) only where the extension is there.
SELECT
    c.oid::bigint AS relation_oid,
    n.nspname::text AS schema,
    c.relname::text AS relation,
    c.relkind::text AS relkind,
    c.relispartition AS is_partition,
    a.attnum::int AS position,
    a.attname::text AS name,
    t.typname::text AS type_name,
    tn.nspname::text AS type_schema,
    CASE WHEN a.atttypmod > 0 THEN a.atttypmod END AS dimensions,
    CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END
        AS storage,
    a.attnotnull AS is_not_null,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    en.nspname::text AS extension_schema,
    coalesce(pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'), false)
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_readable,
    pg_catalog.col_description(c.oid, a.attnum) AS comment
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace en ON en.oid = e.extnamespace
JOIN pg_catalog.pg_type t ON t.typname IN ('vector', 'halfvec', 'sparsevec') AND t.typnamespace = e.extnamespace
    OR t.oid = 'pg_catalog.bit'::regtype
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE e.extname = 'vector'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY n.nspname, c.relname, a.attnum
