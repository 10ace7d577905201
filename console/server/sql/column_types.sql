-- record: ColumnType
-- interval: on demand
-- As what type each column of a table travels in a binary COPY: a domain as its base type, an enum as text. It is asked
-- within the transaction of a COPY, whatever its search_path is.
SELECT
    a.attname::pg_catalog.text AS name,
    CASE
        WHEN t.typtype OPERATOR(pg_catalog.=) 'd' THEN t.typbasetype
        WHEN t.typtype OPERATOR(pg_catalog.=) 'e' THEN 'pg_catalog.text'::pg_catalog.regtype::pg_catalog.oid
        ELSE t.oid
    END::bigint AS type_oid,
    t.typname::pg_catalog.text AS type_name
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s AND c.relname OPERATOR(pg_catalog.=) %(table)s
    AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
ORDER BY a.attnum
