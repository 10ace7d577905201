-- record: ReachedName
-- interval: on demand
-- The operators that names may mean, in any schema, and the casts to types of those names or that may be implied anywhere;
-- but for those whose function is in C and isn't volatile.
SELECT
    'operator' AS kind,
    o.oid::bigint AS oid,
    n.nspname::text AS schema,
    o.oprname::text AS name,
    0 AS least,
    0 AS most,
    false AS is_row
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384 AND o.oprname = ANY (%(operators)s::name[]) AND (p.prolang <> 13 OR p.provolatile = 'v')
UNION ALL
SELECT 'cast', k.oid::bigint, '', t.typname::text, 0, 0, false
FROM pg_catalog.pg_cast k
JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
JOIN pg_catalog.pg_type t ON t.oid = k.casttarget
WHERE k.oid >= 16384 AND (k.castcontext = 'i' OR t.typname = ANY (%(types)s::name[]))
    AND (p.prolang <> 13 OR p.provolatile = 'v')
