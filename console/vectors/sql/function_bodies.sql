-- record: SearchFunction
-- interval: on demand
-- Functions of some names, of whatever schema, that are written in SQL or PL/pgSQL: what they run and take.
SELECT
    p.oid::bigint AS oid,
    n.nspname::text AS schema,
    p.proname::text AS name,
    l.lanname::text AS language,
    coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
    coalesce(p.proargnames[1:p.pronargs], '{}')::text[] AS argument_names,
    ARRAY(
        SELECT pg_catalog.format_type(u.oid, NULL)
        FROM pg_catalog.unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (oid, place)
        ORDER BY u.place
    ) AS argument_types,
    ARRAY(
        SELECT coalesce(pg_catalog.pg_get_function_arg_default(p.oid, place), '')
        FROM pg_catalog.generate_series(1, p.pronargs) AS place
    ) AS argument_defaults,
    coalesce(p.proconfig, '{}')::text[] AS settings,
    p.prosecdef AS runs_as_owner
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.proname = ANY (%(names)s::text[]) AND l.lanname IN ('sql', 'plpgsql')
ORDER BY n.nspname, p.proname, p.oid
