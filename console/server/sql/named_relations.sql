-- record: ReachedName
-- interval: on demand
-- The relations that names may mean, in any schema, and that may run something when they are read or written to.
SELECT
    'relation' AS kind,
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    0 AS least,
    0 AS most,
    false AS is_row
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relname = ANY (%(relations)s::name[]) AND (c.relkind IN ('v', 'f')
    OR c.relkind IN ('r', 'p') AND (c.relrowsecurity OR c.relhassubclass OR c.relpersistence = 't' OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 'v') OR EXISTS (
        SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') OR EXISTS (
        SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid AND p.partexprs IS NOT NULL) OR EXISTS (
        SELECT FROM pg_catalog.pg_index x
        WHERE x.indrelid = c.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)) OR EXISTS (
        SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL)))
