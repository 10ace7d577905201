-- record: RoutineDetail
-- interval: on demand
SELECT
    p.oid,
    n.nspname::text AS schema,
    p.proname::text AS name,
    p.prokind::text AS prokind,
    pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_arguments,
    pg_catalog.oidvectortypes(p.proargtypes) AS argument_types,
    pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
    pg_catalog.pg_get_function_result(p.oid) AS result,
    l.lanname::text AS language,
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
    p.prosecdef AS is_security_definer,
    p.proleakproof AS is_leakproof,
    p.proisstrict AS is_strict,
    p.procost::float8 AS cost,
    p.prorows::float8 AS rows,
    coalesce(p.proconfig, '{}') AS settings,
    pg_catalog.pg_get_userbyid(p.proowner)::text AS owner,
    e.extname::text AS extension,
    ARRAY(
        SELECT x.extname::text
        FROM pg_catalog.pg_depend dx
        JOIN pg_catalog.pg_extension x ON x.oid = dx.refobjid
        WHERE dx.classid = 'pg_catalog.pg_proc'::regclass AND dx.objid = p.oid AND dx.deptype = 'x'
            AND dx.refclassid = 'pg_catalog.pg_extension'::regclass
        ORDER BY 1
    ) AS needed_extensions,
    CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
    f.calls,
    f.total_time AS total_ms,
    f.self_time AS self_ms,
    pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
LEFT JOIN pg_catalog.pg_stat_user_functions f ON f.funcid = p.oid
WHERE p.oid = %(oid)s::oid
