-- record: RelationSession
-- interval: on demand
-- Who holds or awaits a lock on the relations that a plan names, oldest transaction first; not this session.
WITH asked AS MATERIALIZED (
    SELECT a.name, pg_catalog.to_regclass(a.name)::oid AS oid
    FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
)
SELECT
    a.name AS asked,
    l.pid,
    s.usename::text AS "user",
    s.application_name AS application,
    s.state,
    l.mode,
    l.granted,
    EXTRACT(epoch FROM pg_catalog.clock_timestamp() - s.xact_start)::float8 AS transaction_s,
    pg_catalog.left(s.query, 200) AS query
FROM asked a
JOIN pg_catalog.pg_locks l ON l.relation = a.oid
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid
WHERE l.locktype = 'relation' AND l.pid <> pg_catalog.pg_backend_pid()
ORDER BY s.xact_start NULLS LAST, l.pid
