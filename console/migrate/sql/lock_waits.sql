-- record: Peer
-- interval: on demand
-- Who is in the way of backend `pid`, and who queues behind it.
WITH waiting AS (
    SELECT a.pid, pg_catalog.pg_blocking_pids(a.pid) AS blockers
    FROM pg_catalog.pg_stat_activity a
    WHERE a.wait_event_type = 'Lock'
)
SELECT
    CASE WHEN ARRAY[a.pid] <@ b.pids THEN 'blocker' ELSE 'queued' END AS role,
    a.pid,
    a.usename::text AS "user",
    a.application_name AS application,
    a.state,
    a.xact_start AS since,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS age_s,
    a.query
FROM pg_catalog.pg_stat_activity a
CROSS JOIN (SELECT coalesce((SELECT w.blockers FROM waiting w WHERE w.pid = %(pid)s), '{}') AS pids) b
WHERE ARRAY[a.pid] <@ b.pids
    OR a.pid IN (SELECT w.pid FROM waiting w WHERE ARRAY[%(pid)s::int] <@ w.blockers)
ORDER BY 1, a.xact_start
