-- record: OpenTransaction
-- interval: tick
-- The 100 oldest transactions of client sessions, our own left out; a role sees those of its own user, or of all with
-- pg_read_all_stats. Ages by the server's clock.
SELECT
    a.pid,
    a.usename::text AS "user",
    a.datname::text AS database,
    a.application_name AS application,
    a.state,
    greatest(0, extract(epoch FROM clock_timestamp() - a.xact_start))::float8 AS transaction_age_s,
    greatest(0, extract(epoch FROM clock_timestamp() - a.state_change))::float8 AS state_age_s
FROM pg_catalog.pg_stat_activity a
WHERE a.xact_start IS NOT NULL
    AND a.backend_type = 'client backend'
    AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.xact_start
LIMIT 100
