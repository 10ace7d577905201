-- record: ShownColumn
-- interval: on demand
-- The columns of a relation that the role may read, in order; `sort` says what a long value of them costs to show.
SELECT
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, -1) AS parameter_type,
    CASE
        WHEN t.typname IN ('vector', 'halfvec', 'sparsevec') THEN 'vector'
        WHEN t.typlen > 0 OR t.typname IN ('numeric', 'inet', 'cidr', 'bit') THEN 'fixed'
        WHEN t.typname = 'bytea' THEN 'bytea'
        WHEN t.typcategory = 'S' THEN 'text'
        ELSE 'other'
    END AS sort
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %(relation)s::oid AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attnum
