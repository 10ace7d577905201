-- record: SlowSession
-- interval: tick
-- What has been running for more than a fifth of a second, longest first; the console's threshold is applied to it.
-- Blockers are asked for where somebody waits for a lock alone: the function stops the lock manager for a moment.
-- It is pg_stat_activity without its joins, whose planning takes longer than the rest.
SELECT
    a.pid,
    a.backend_start,
    a.query_start,
    (SELECT d.datname::text FROM pg_catalog.pg_database d WHERE d.oid = a.datid) AS database,
    CASE WHEN a.usesysid IS NOT NULL THEN pg_catalog.pg_get_userbyid(a.usesysid)::text END AS "user",
    a.application_name AS application,
    a.query_id,
    greatest(0, extract(epoch FROM clock_timestamp() - a.query_start))::float8 AS running_s,
    a.wait_event_type,
    a.wait_event,
    pg_catalog.left(a.query, 8000) AS query,
    pg_catalog.octet_length(a.query) >= pg_catalog.pg_size_bytes(pg_catalog.current_setting('track_activity_query_size')) - 1
        OR pg_catalog.length(a.query) > 8000 AS is_cut,
    (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = a.usesysid) AS is_superusers,
    CASE WHEN a.wait_event_type = 'Lock' THEN ARRAY(
        SELECT
            b.pid || ' ' || coalesce(nullif(b.application_name, ''), CASE WHEN b.usesysid IS NOT NULL THEN pg_catalog.pg_get_userbyid(b.usesysid)::text END,
                b.backend_type, '')
            || ' (' || coalesce(b.state, '-') || '): ' || pg_catalog.left(coalesce(b.query, ''), 200)
        FROM pg_catalog.pg_stat_get_activity(NULL) b
        WHERE b.pid = ANY (pg_catalog.pg_blocking_pids(a.pid))
    ) END AS blockers
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.state = 'active'
    AND a.backend_type = 'client backend'
    AND a.pid <> pg_catalog.pg_backend_pid()
    AND a.query_start < clock_timestamp() - interval '0.2 s'
    AND NOT (
        a.application_name = pg_catalog.current_setting('application_name')
        AND CASE WHEN %(own)s::int[] IS NOT NULL THEN a.pid = ANY (%(own)s::int[])
            ELSE a.application_name = 'dbconsole'
                AND pg_catalog.pg_get_userbyid(a.usesysid) = session_user
                AND a.client_addr IS NOT DISTINCT FROM pg_catalog.inet_client_addr()
        END
    )
ORDER BY a.query_start
LIMIT 100
