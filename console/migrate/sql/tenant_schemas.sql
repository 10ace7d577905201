-- record: TenantSchema
-- interval: on demand
-- The schemas that may be tenants'. One that this role may not use is among them: its run fails and says so.
SELECT nspname AS name
FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'dbconsole')
ORDER BY nspname
