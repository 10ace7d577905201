-- record: Definition
-- interval: on demand
-- Foreign data wrappers, servers and user mappings; a mapping's options only where the role may see them.
SELECT
    'pg_foreign_data_wrapper' AS catalog,
    w.oid,
    'FOREIGN DATA WRAPPER' AS kind,
    NULL::text AS schema,
    pg_catalog.quote_ident(w.fdwname) AS name,
    pg_catalog.pg_get_userbyid(w.fdwowner)::text AS owner,
    'FOREIGN DATA WRAPPER' AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE FOREIGN DATA WRAPPER %I', w.fdwname)
        || coalesce(' HANDLER ' || nullif(w.fdwhandler, 0)::regproc, '')
        || coalesce(' VALIDATOR ' || nullif(w.fdwvalidator, 0)::regproc, '')
        || coalesce((
            SELECT pg_catalog.format(' OPTIONS (%s)', pg_catalog.string_agg(pg_catalog.format('%I %L',
                pg_catalog.split_part(x, '=', 1), pg_catalog.substr(x, pg_catalog.strpos(x, '=') + 1)), ', '))
            FROM pg_catalog.unnest(w.fdwoptions) x HAVING count(*) > 0
        ), '')
    ] AS statements,
    pg_catalog.obj_description(w.oid, 'pg_foreign_data_wrapper') AS comment
FROM pg_catalog.pg_foreign_data_wrapper w
WHERE w.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass AND e.objid = w.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_foreign_server' AS catalog,
    s.oid,
    'SERVER' AS kind,
    NULL AS schema,
    pg_catalog.quote_ident(s.srvname) AS name,
    pg_catalog.pg_get_userbyid(s.srvowner)::text AS owner,
    'FOREIGN SERVER' AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE SERVER %I', s.srvname)
        || coalesce(' TYPE ' || pg_catalog.quote_literal(s.srvtype), '')
        || coalesce(' VERSION ' || pg_catalog.quote_literal(s.srvversion), '')
        || pg_catalog.format(' FOREIGN DATA WRAPPER %I', w.fdwname)
        || coalesce((
            SELECT pg_catalog.format(' OPTIONS (%s)', pg_catalog.string_agg(pg_catalog.format('%I %L',
                pg_catalog.split_part(x, '=', 1), pg_catalog.substr(x, pg_catalog.strpos(x, '=') + 1)), ', '))
            FROM pg_catalog.unnest(s.srvoptions) x HAVING count(*) > 0
        ), '')
    ] AS statements,
    pg_catalog.obj_description(s.oid, 'pg_foreign_server') AS comment
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
WHERE s.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_foreign_server'::regclass AND e.objid = s.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_user_mapping', u.umid, 'USER MAPPING', NULL,
    pg_catalog.format('FOR %s SERVER %I', who.name, u.srvname), NULL, NULL,
    ARRAY[pg_catalog.format('CREATE USER MAPPING FOR %s SERVER %I', who.name, u.srvname)
        || coalesce((
            SELECT pg_catalog.format(' OPTIONS (%s)', pg_catalog.string_agg(pg_catalog.format('%I %L',
                pg_catalog.split_part(x, '=', 1), pg_catalog.substr(x, pg_catalog.strpos(x, '=') + 1)), ', '))
            FROM pg_catalog.unnest(u.umoptions) x HAVING count(*) > 0
        ), '')],
    NULL
FROM pg_catalog.pg_user_mappings u
CROSS JOIN LATERAL (
    SELECT CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(u.usename) END AS name
) who
ORDER BY 1, 5
