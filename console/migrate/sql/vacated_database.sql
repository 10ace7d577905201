-- record: VacatedDatabase
-- interval: on demand
-- Ends all connections to a database of ours.
SELECT a.pid, pg_catalog.pg_terminate_backend(a.pid, 5000) AS is_ended
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = %(name)s::text AND a.pid <> pg_catalog.pg_backend_pid()
