-- record: ReachedName
-- interval: on demand
-- The functions that names may mean, in any schema, but for PostgreSQL's own and those in C that aren't volatile. least and
-- most are the numbers of arguments, is_row whether the first one may be a row; running is a pattern of names that matter
-- all the same.
SELECT
    'function' AS kind,
    p.oid::bigint AS oid,
    n.nspname::text AS schema,
    p.proname::text AS name,
    (p.pronargs - p.pronargdefaults)::int AS least,
    CASE WHEN p.provariadic = 0 THEN p.pronargs ELSE 32767 END::int AS most,
    EXISTS (
        SELECT FROM pg_catalog.pg_type t WHERE t.oid = p.proargtypes[0] AND t.typtype IN ('c', 'p')
    ) AS is_row
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname = ANY (%(calls)s::name[]) AND (p.provolatile = 'v' OR p.proname ~ %(running)s
    OR p.oid >= 16384 AND (p.prolang <> 13 OR p.prokind <> 'f'))
