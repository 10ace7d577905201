-- record: ColumnType
-- interval: on demand
-- As what type each column of a table travels in a binary COPY: a domain as its base type, an enum as text.
SELECT
    a.attname::text AS name,
    CASE t.typtype
        WHEN 'd' THEN t.typbasetype
        WHEN 'e' THEN 'pg_catalog.text'::pg_catalog.regtype::oid
        ELSE t.oid
    END::bigint AS type_oid,
    t.typname::text AS type_name
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE n.nspname = %(schema)s AND c.relname = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
