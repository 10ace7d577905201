-- record: Peer
-- interval: on demand
-- Who holds dbconsole's lock, or is inside a file's transaction, in this database; key is one of lock.py's.
SELECT
    'holder' AS role,
    a.pid,
    a.usename::text AS "user",
    a.application_name AS application,
    a.state,
    a.xact_start AS since,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS age_s,
    a.query
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory'
    AND l.granted
    AND l.objsubid = 1
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    AND ((l.classid::bigint << 32) | l.objid::bigint) = %(key)s
