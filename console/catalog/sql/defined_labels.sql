-- record: Definition
-- interval: on demand
-- Security labels of this database's objects; they need the provider that gave them.
SELECT
    'pg_seclabel ' || (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = s.classoid) AS catalog,
    s.objoid AS oid,
    'SECURITY LABEL' AS kind,
    n.nspname::text AS schema,
    pg_catalog.format('%s %s for %s', s.objtype, s.objname, s.provider) AS name,
    NULL::text AS owner,
    NULL::text AS grant_clause,
    pg_catalog.array_agg(pg_catalog.format('SECURITY LABEL FOR %I ON %s %s IS %L', s.provider,
        pg_catalog.upper(s.objtype), s.objname, s.label)) AS statements,
    NULL::text AS comment
FROM pg_catalog.pg_seclabels s
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = s.objnamespace
WHERE s.objtype NOT IN ('database', 'role', 'tablespace')
GROUP BY s.classoid, s.objoid, n.nspname, s.objtype, s.objname, s.provider
ORDER BY 1, 5
