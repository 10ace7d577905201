-- record: Blocker
-- interval: tick
-- Whom backend `pid` waits for: CREATE INDEX CONCURRENTLY waits for transactions that began before it. A prepared
-- transaction has the pid 0 and nothing else.
SELECT
    b.pid,
    a.usename::text AS "user",
    a.application_name AS application,
    a.state,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS transaction_age_s,
    pg_catalog.left(a.query, 300) AS query
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(%(pid)s::int)) AS b (pid)
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
ORDER BY a.xact_start
