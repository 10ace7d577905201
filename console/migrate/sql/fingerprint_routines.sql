-- record: ObjectRow
-- interval: on demand
-- Functions, procedures and aggregates with all that ALTER could change.
WITH of_extensions AS MATERIALIZED (
    SELECT e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.deptype = 'e'
)
SELECT
    CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name,
    p.proname::text AS own_name,
    pg_catalog.quote_ident(n.nspname) AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'arguments', pg_catalog.pg_get_function_arguments(p.oid),
        'result', pg_catalog.pg_get_function_result(p.oid),
        'language', l.lanname,
        'body', coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), nullif(p.prosrc, '')),
        'library', p.probin,
        'window', CASE p.prokind WHEN 'w' THEN 'window function' END,
        'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END,
        'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END,
        'null input', CASE WHEN p.proisstrict THEN 'strict' END,
        'security', CASE WHEN p.prosecdef THEN 'definer' END,
        'leakproof', CASE WHEN p.proleakproof THEN 'leakproof' END,
        'cost', p.procost,
        'rows', nullif(p.prorows, 0),
        'support function', nullif(p.prosupport::text, '-'),
        'settings', p.proconfig,
        'transition', CASE WHEN g.aggfnoid IS NOT NULL THEN pg_catalog.concat_ws(' ',
            g.aggtransfn, g.aggtranstype::regtype, g.agginitval, g.aggtransspace) END,
        'final', CASE WHEN g.aggfnoid IS NOT NULL THEN pg_catalog.concat_ws(' ',
            g.aggfinalfn, g.aggfinalextra, g.aggfinalmodify) END,
        'combination', CASE WHEN g.aggfnoid IS NOT NULL THEN pg_catalog.concat_ws(' ',
            g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggsortop::regoperator) END,
        'moving', CASE WHEN g.aggmtransfn <> 0 THEN pg_catalog.concat_ws(' ',
            g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, g.aggmtranstype::regtype, g.aggminitval) END,
        'owner', p.proowner::regrole::text,
        'privileges', CASE WHEN NOT (p.proacl @> pg_catalog.acldefault('f', p.proowner)
                                      AND p.proacl <@ pg_catalog.acldefault('f', p.proowner)) THEN coalesce((
            SELECT pg_catalog.json_object_agg(x.grantee, x.privileges)
            FROM (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN p.proowner THEN '(owner)'
                              ELSE a.grantee::regrole::text END AS grantee,
                         pg_catalog.string_agg(DISTINCT a.privilege_type
                             || CASE WHEN a.is_grantable AND a.grantee <> p.proowner THEN ' with grant option'
                                     ELSE '' END, ', ') AS privileges
                  FROM pg_catalog.aclexplode(p.proacl) AS a GROUP BY 1) AS x), '{}') END,
        'comment', (SELECT d.description FROM pg_catalog.pg_description AS d
            WHERE d.objoid = p.oid AND d.classoid = 'pg_catalog.pg_proc'::regclass))) AS facts
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid = p.oid
WHERE p.oid >= 16384
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM of_extensions WHERE of_extensions.objid = p.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS r  -- constructors that a range type made for itself
                  WHERE r.classid = 'pg_catalog.pg_proc'::regclass AND r.objid = p.oid AND r.deptype = 'i'
                    AND r.refclassid = 'pg_catalog.pg_type'::regclass)
