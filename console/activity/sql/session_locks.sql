-- record: HeldLock
-- interval: on demand
-- The locks of a session (of its parallel workers too), those that it waits for first; `locks` alike are one row.
SELECT
    l.granted AS is_granted,
    l.mode,
    CASE
        WHEN l.relation IS NOT NULL THEN
            coalesce(
                pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
                'relation ' || l.relation || ' of ' || d.datname)
            || CASE WHEN l.tuple IS NOT NULL THEN ' row' WHEN l.page IS NOT NULL THEN ' page' ELSE '' END
        WHEN l.locktype = 'transactionid' THEN 'transaction ' || l.transactionid
        WHEN l.locktype = 'virtualxid' THEN 'virtual transaction ' || l.virtualxid
        WHEN l.locktype = 'advisory' AND l.objsubid = 1 THEN
            'advisory key ' || ((l.classid::int8 << 32) | l.objid::int8)
        WHEN l.locktype = 'advisory' THEN 'advisory keys ' || l.classid || ', ' || l.objid
        WHEN l.classid IS NOT NULL THEN l.classid::regclass || ' ' || l.objid
        ELSE l.locktype
    END AS target,
    count(*) AS locks,
    max(CASE WHEN l.waitstart IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - l.waitstart)) END)::float8 AS wait_s
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_database d ON d.oid = l.database
LEFT JOIN pg_catalog.pg_class c
    ON c.oid = l.relation AND (l.database = 0 OR d.datname = pg_catalog.current_database())
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = %(pid)s
    OR l.pid IN (SELECT w.pid FROM pg_catalog.pg_stat_activity w WHERE w.leader_pid = %(pid)s)
GROUP BY 1, 2, 3
ORDER BY l.granted, l.mode = 'AccessShareLock', target, l.mode
LIMIT 200
