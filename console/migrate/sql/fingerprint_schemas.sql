-- record: ObjectRow
-- interval: on demand
-- Schemas of the users' own.
SELECT
    'schema' AS kind,
    pg_catalog.quote_ident(n.nspname) AS name,
    n.nspname::text AS own_name,
    NULL::text AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'owner', n.nspowner::regrole::text,
        'privileges', CASE WHEN n.nspacl <> pg_catalog.acldefault('n', n.nspowner) THEN coalesce((
            SELECT pg_catalog.json_object_agg(g.grantee, g.privileges)
            FROM (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN n.nspowner THEN '(owner)'
                              ELSE a.grantee::regrole::text END AS grantee,
                         pg_catalog.string_agg(DISTINCT a.privilege_type
                             || CASE WHEN a.is_grantable AND a.grantee <> n.nspowner THEN ' with grant option'
                                     ELSE '' END, ', ') AS privileges
                  FROM pg_catalog.aclexplode(n.nspacl) AS a GROUP BY 1) AS g), '{}') END,
        'comment', d.description)) AS facts
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_description AS d
    ON d.objoid = n.oid AND d.classoid = 'pg_catalog.pg_namespace'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
                  WHERE e.classid = 'pg_catalog.pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')
