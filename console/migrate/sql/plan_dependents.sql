-- record: DependentFacts
-- interval: on demand
WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (a.name) a.name, r.oid
    FROM ROWS FROM (pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(relations)s::text[])) AS a (name, schema, relation)
    JOIN pg_catalog.pg_class r ON r.relname = a.relation::name
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace AND (s.nspname = a.schema::name
        OR a.schema IS NULL AND s.nspname = ANY (%(path)s::text[]) AND pg_catalog.has_schema_privilege(s.oid, 'USAGE'))
    ORDER BY a.name, pg_catalog.array_position(%(path)s::text[], s.nspname::text)
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
