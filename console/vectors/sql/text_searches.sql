-- record: TextSearch
-- interval: on demand
-- What of a relation full text search can go by: its columns of type tsvector and the expressions that it has GIN or
-- GiST indexes on for that. `config` is the configuration that an expression names.
SELECT
    ic.relname::text AS index,
    nullif(i.indkey[0], 0)::int AS position,
    pg_catalog.pg_get_indexdef(i.indexrelid, 1, true) AS expression,
    pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid, 1, true), '''([^'']+)''::regconfig') AS config
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[0]
JOIN pg_catalog.pg_type t ON t.oid = o.opcintype
WHERE i.indrelid = %(relation)s::oid AND i.indisvalid AND i.indpred IS NULL AND t.oid = 'pg_catalog.tsvector'::regtype
UNION ALL
SELECT NULL, a.attnum::int, pg_catalog.quote_ident(a.attname), NULL
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = %(relation)s::oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid = 'pg_catalog.tsvector'::regtype
ORDER BY index NULLS LAST, expression
