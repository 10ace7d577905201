-- record: SuspectIndex
-- interval: on demand
-- B-trees only of types whose order was mended. What a fault needs beyond that is decided in known.py.
SELECT
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
    am.amname::text AS method,
    pg_catalog.array_agg(DISTINCT t.typname::text) AS types,
    pg_catalog.array_agg(DISTINCT o.opcname::text) AS opclasses,
    pg_catalog.pg_relation_size(c.oid) AS bytes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = c.relam
CROSS JOIN LATERAL pg_catalog.unnest(i.indclass::oid[]) AS k (opclass)
JOIN pg_catalog.pg_opclass o ON o.oid = k.opclass
JOIN pg_catalog.pg_type t ON t.oid = o.opcintype
WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
    AND (am.amname <> 'btree' OR t.typname IN ('ltree', 'interval'))
GROUP BY n.nspname, c.relname, am.amname, c.oid
ORDER BY n.nspname, c.relname
LIMIT 10000
