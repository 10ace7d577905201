-- record: DependentFacts
-- interval: on demand
WITH asked AS MATERIALIZED (
    SELECT a.name, pg_catalog.to_regclass(a.name)::oid AS oid
    FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
)
SELECT DISTINCT
    a.name AS asked,
    n.nspname::text AS schema,
    c.relname::text AS name
FROM asked a
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = a.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.oid <> d.refobjid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 2, 3
