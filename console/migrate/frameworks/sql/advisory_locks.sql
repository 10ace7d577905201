-- record: AdvisoryLock
-- interval: on demand
-- Advisory locks of this database that were taken by one bigint key, with the key put together again.
SELECT
    (l.classid::bigint << 32) | l.objid::bigint AS key,
    l.pid,
    l.granted AS is_granted,
    nullif(s.application_name, '') AS application,
    coalesce(s.xact_start, s.state_change) AS since
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid
WHERE l.locktype = 'advisory'
    AND l.objsubid = 1
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    AND l.pid <> pg_catalog.pg_backend_pid()
ORDER BY l.granted DESC, l.pid
