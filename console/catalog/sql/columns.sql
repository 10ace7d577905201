-- record: RelationColumn
-- interval: on demand
-- The columns of a relation in order. pg_stats shows those that the role may read; without statistics they are NULL.
-- pg_attver is a stamp that the server itself puts among the options since 15.20 (Debian), not anybody's setting.
-- A vector's dimensions are its type modifier, NULL where the type has none.
SELECT
    a.attnum::int AS position,
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    t.typname::text AS type_name,
    tn.nspname::text AS type_schema,
    t.typlen = -1 AS is_variable,
    CASE WHEN t.typname IN ('vector', 'halfvec', 'sparsevec') AND a.atttypmod > 0 THEN a.atttypmod END AS dimensions,
    a.attnotnull AS is_not_null,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS "default",
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment,
    CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END
        AS storage,
    a.attstorage = t.typstorage AS is_default_storage,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
    EXISTS (
        SELECT FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
        WHERE i.inhrelid = a.attrelid AND pa.attstorage <> a.attstorage
    ) AS has_other_storage,
    EXISTS (
        SELECT FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
        WHERE i.inhrelid = a.attrelid AND pa.attcompression <> a.attcompression
    ) AS has_other_compression,
    CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
    nullif(a.attstattarget, -1)::int AS statistics_target,
    ARRAY(
        SELECT o FROM pg_catalog.unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_attver=%%'
    ) AS options,
    coalesce(a.attfdwoptions, '{}') AS foreign_options,
    a.attislocal AS is_local,
    (
        SELECT pg_catalog.pg_get_expr(pd.adbin, pd.adrelid)
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
        JOIN pg_catalog.pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
        WHERE i.inhrelid = a.attrelid
        ORDER BY i.inhseqno LIMIT 1
    ) AS inherited_default,
    EXISTS (
        SELECT FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
        WHERE i.inhrelid = a.attrelid AND pa.attnotnull
    ) AS inherits_not_null,
    a.attinhcount > 0 AS is_inherited,
    coalesce(pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'), false) AS is_readable,
    s.n_distinct::float8 AS distinct_values,
    s.null_frac::float8 AS null_fraction,
    s.avg_width AS average_bytes
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_stats s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
WHERE a.attrelid = %(oid)s::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
