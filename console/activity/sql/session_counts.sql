-- record: SessionCounts
-- interval: tick
-- One row. A role without pg_read_all_stats sees neither state nor backend_type of others: those are counted as hidden.
-- Client backends alone take connection slots; a hidden session is one where it has a user and a database.
-- Sessions of ours take slots as well and are in no other number: those of this process, `own`, or behind a pooler, where
-- that is NULL, those that have our application name, our role and address, unless that is a name that the person chose.
-- The active_* are all sessions at work by what they wait for: clients', parallel and autovacuum workers. What waits with
-- type Activity has nothing to do.
-- It is pg_stat_activity without its joins, whose planning takes three times as long.
SELECT
    count(*) FILTER (WHERE s.is_client) AS connections,
    count(*) FILTER (WHERE s.is_client AND s.is_other AND s.state = 'active') AS active,
    count(*) FILTER (WHERE s.is_client AND s.is_other AND s.state = 'idle') AS idle,
    count(*) FILTER (WHERE s.is_client AND s.is_other AND s.state LIKE 'idle in transaction%%') AS idle_in_transaction,
    count(*) FILTER (WHERE s.is_client AND s.is_other
        AND s.state IN ('fastpath function call', 'disabled', 'starting')) AS other,
    count(*) FILTER (WHERE s.is_client AND s.is_other AND s.state IS NULL) AS hidden,
    pg_catalog.current_setting('max_connections')::int AS max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::int
        + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved_connections,
    count(*) FILTER (WHERE s.is_client AND NOT s.is_other) AS own,
    count(*) FILTER (WHERE s.work = '') AS active_cpu,
    count(*) FILTER (WHERE s.work = 'IO') AS active_io,
    count(*) FILTER (WHERE s.work = 'Lock') AS active_lock,
    count(*) FILTER (WHERE s.work = 'LWLock') AS active_lwlock,
    count(*) FILTER (WHERE s.work = 'Client') AS active_client,
    count(*) FILTER (WHERE s.work NOT IN ('', 'IO', 'Lock', 'LWLock', 'Client', 'Activity')) AS active_other
FROM (
    SELECT
        a.state,
        o.is_other,
        a.backend_type IS NOT DISTINCT FROM 'client backend'
            OR (a.backend_type IS NULL AND a.datid IS NOT NULL AND a.usesysid IS NOT NULL) AS is_client,
        CASE WHEN o.is_other AND a.state = 'active' AND a.backend_type <> 'walsender'
            THEN coalesce(a.wait_event_type, '') END AS work
    FROM pg_catalog.pg_stat_get_activity(NULL) a
    CROSS JOIN LATERAL (
        SELECT a.pid <> pg_catalog.pg_backend_pid() AND NOT coalesce(
            a.application_name = pg_catalog.current_setting('application_name')
            AND CASE WHEN %(own)s::int[] IS NOT NULL THEN a.pid = ANY (%(own)s::int[])
                ELSE a.application_name = 'dbconsole'
                    AND pg_catalog.pg_get_userbyid(a.usesysid) = session_user
                    AND a.client_addr IS NOT DISTINCT FROM pg_catalog.inet_client_addr()
            END, false) AS is_other
    ) o
) s
