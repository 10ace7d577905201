-- record: OpenTransaction
-- interval: tick
-- The 100 oldest transactions of client sessions, our own left out; a role sees those of its own user, or of all with
-- pg_read_all_stats. Ages by the server's clock.
-- It is pg_stat_activity without its joins, which are slow to plan.
SELECT
    a.pid,
    CASE WHEN a.usesysid IS NOT NULL THEN pg_catalog.pg_get_userbyid(a.usesysid)::text END AS "user",
    (SELECT d.datname::text FROM pg_catalog.pg_database d WHERE d.oid = a.datid) AS database,
    a.application_name AS application,
    a.state,
    greatest(0, extract(epoch FROM clock_timestamp() - a.xact_start))::float8 AS transaction_age_s,
    greatest(0, extract(epoch FROM clock_timestamp() - a.state_change))::float8 AS state_age_s
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.xact_start IS NOT NULL
    AND a.backend_type = 'client backend'
    AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.xact_start
LIMIT 100
