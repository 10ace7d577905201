-- record: NamedOid
-- interval: on demand
-- The names behind the numbers of databases and roles.
SELECT 'database' AS kind, d.oid::int8 AS id, d.datname::text AS name FROM pg_catalog.pg_database d
UNION ALL
SELECT 'role', r.oid::int8, r.rolname::text FROM pg_catalog.pg_roles r
