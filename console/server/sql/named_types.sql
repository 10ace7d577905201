-- record: ReachedName
-- interval: on demand
-- The types that names may mean, in any schema, but for base types and enumerations.
SELECT
    'type' AS kind,
    t.oid::bigint AS oid,
    n.nspname::text AS schema,
    t.typname::text AS name,
    0 AS least,
    0 AS most,
    false AS is_row
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND t.typname = ANY (%(types)s::name[]) AND (t.typtype NOT IN ('b', 'e') OR t.typelem <> 0)
