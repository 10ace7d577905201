-- record: DependentFacts
-- interval: on demand
SELECT DISTINCT
    a.name AS asked,
    n.nspname::text AS schema,
    c.relname::text AS name
FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = pg_catalog.to_regclass(a.name) AND d.classid = 'pg_catalog.pg_rewrite'::regclass
JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.oid <> d.refobjid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 2, 3
