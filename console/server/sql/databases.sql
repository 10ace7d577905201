-- record: Database
-- interval: on demand
-- The databases that this role may connect to. Sizes are left out: they read every file of a database.
SELECT
    d.datname::text AS name,
    pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
    pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
FROM pg_catalog.pg_database d
WHERE d.datallowconn AND pg_catalog.has_database_privilege(d.oid, 'CONNECT')
ORDER BY d.datistemplate, d.datname
