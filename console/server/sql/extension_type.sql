-- record: TypeOid
-- interval: on demand
-- The OID of an extension's type by its name and schema: none where there is no such type.
SELECT t.oid::bigint AS oid
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::text AND t.typname OPERATOR(pg_catalog.=) %(name)s::text
