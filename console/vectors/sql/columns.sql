-- record: VectorColumn
-- interval: on demand
-- Every column that pgvector's operators compare, of any schema, also of a domain over such a type; bit(n) only where
-- the extension is there.
WITH RECURSIVE vector_types AS (
    SELECT t.oid, t.oid AS base, t.typname, t.typnamespace, -1 AS modifier, NULL::text AS domain
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_extension e ON e.extname = 'vector'
    WHERE t.typname IN ('vector', 'halfvec', 'sparsevec') AND t.typnamespace = e.extnamespace
        OR t.oid = 'pg_catalog.bit'::regtype
    UNION ALL
    SELECT d.oid, v.base, v.typname, v.typnamespace, greatest(d.typtypmod, v.modifier),
        pg_catalog.format_type(d.oid, NULL)
    FROM vector_types v
    JOIN pg_catalog.pg_type d ON d.typbasetype = v.oid AND d.typtype = 'd'
)
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
    nullif(greatest(a.atttypmod, t.modifier, 0), 0) AS dimensions,
    CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END
        AS storage,
    a.attnotnull AS is_not_null,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    en.nspname::text AS extension_schema,
    coalesce(pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'), false)
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_readable,
    pg_catalog.col_description(c.oid, a.attnum) AS comment,
    t.domain
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace en ON en.oid = e.extnamespace
CROSS JOIN vector_types t
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE e.extname = 'vector'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY n.nspname, c.relname, a.attnum
