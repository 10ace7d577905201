-- record: Backend
-- interval: tick
-- Every session but those of this process, `own`, that have our application name: its runs of migrations have another.
-- Behind a pooler `own` is NULL, and those are left out that have our application name, unless that is a name that the
-- person chose, our role and address. Who waits for a lock or blocks somebody is there in any case. Waiters come from
-- pg_locks, which hides nothing from any role. pg_blocking_pids() stops the lock manager for a moment, so only the 200
-- longest waiters are asked for; 0 stands for a prepared transaction, found by the lock that it shares and the one on
-- its own number.
-- Idle sessions and background processes come when asked for, and those of `also` in any case.
-- The text is cut here: detail fetches it whole. Ages by the server's clock.
-- Planning is most of the cost, so names come from functions and not from joins: nobody waits for several locks at once.
WITH blocked AS MATERIALIZED (
    SELECT
        l.*,
        CASE WHEN row_number() OVER (ORDER BY l.waitstart) <= 200 THEN pg_catalog.pg_blocking_pids(l.pid) END
            AS blocked_by
    FROM pg_catalog.pg_locks l
    WHERE NOT l.granted AND l.pid IS NOT NULL
)
SELECT
    a.pid,
    a.backend_start,
    a.datname::text AS database,
    a.usename::text AS "user",
    a.application_name AS application,
    pg_catalog.host(a.client_addr) AS client_address,
    nullif(a.client_port, -1) AS client_port,
    a.backend_type,
    a.state,
    a.wait_event_type,
    a.wait_event,
    a.leader_pid,
    CASE WHEN a.xact_start IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - a.xact_start)) END::float8 AS transaction_age_s,
    CASE WHEN a.state = 'active' AND a.query_start IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - a.query_start)) END::float8 AS query_age_s,
    CASE WHEN a.state_change IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - a.state_change)) END::float8 AS state_age_s,
    greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) AS xmin_age,
    pg_catalog.left(a.query, 300) AS query,
    a.query = '<insufficient privilege>' AND a.state IS NULL AS is_hidden,
    b.locktype AS lock_type,
    b.mode AS lock_mode,
    CASE
        WHEN b.relation IS NOT NULL THEN
            coalesce(
                CASE WHEN b.database = 0 OR a.datname = pg_catalog.current_database()
                    THEN (pg_catalog.pg_identify_object(1259, b.relation, 0)).identity END,
                'relation ' || b.relation || coalesce(' of ' || a.datname, ''))
            || coalesce(' row (' || b.page || ',' || b.tuple || ')', ' page ' || b.page, '')
        WHEN b.locktype = 'transactionid' THEN 'transaction ' || b.transactionid
        WHEN b.locktype = 'virtualxid' THEN 'virtual transaction ' || b.virtualxid
        WHEN b.locktype = 'advisory' AND b.objsubid = 1 THEN
            'advisory key ' || ((b.classid::int8 << 32) | b.objid::int8)
        WHEN b.locktype = 'advisory' THEN 'advisory keys ' || b.classid || ', ' || b.objid
        WHEN b.classid IS NOT NULL THEN b.classid::regclass || ' ' || b.objid
        ELSE b.locktype
    END AS lock_target,
    CASE WHEN b.waitstart IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - b.waitstart)) END::float8 AS lock_wait_s,
    b.blocked_by,
    CASE WHEN 0 = ANY (b.blocked_by) THEN ARRAY(
        SELECT DISTINCT p.gid
        FROM pg_catalog.pg_locks g
        JOIN pg_catalog.pg_locks x ON x.virtualtransaction = g.virtualtransaction AND x.granted AND x.pid IS NULL
        JOIN pg_catalog.pg_prepared_xact() p ON p.transaction = x.transactionid
        WHERE g.granted AND g.pid IS NULL
            AND (g.locktype, g.database, g.relation, g.page, g.tuple, g.virtualxid, g.transactionid, g.classid, g.objid,
                g.objsubid) IS NOT DISTINCT FROM
                (b.locktype, b.database, b.relation, b.page, b.tuple, b.virtualxid, b.transactionid, b.classid,
                b.objid, b.objsubid)
    ) END AS prepared
FROM pg_catalog.pg_stat_activity a
LEFT JOIN blocked b ON b.pid = a.pid
WHERE a.pid <> pg_catalog.pg_backend_pid()
    AND (
        b.pid IS NOT NULL
        OR a.pid = ANY (%(also)s::int[])
        OR a.pid IN (SELECT unnest(blocked.blocked_by) FROM blocked)
        OR (
            (a.state IS DISTINCT FROM 'idle' OR %(with_idle)s::bool)
            AND (
                a.backend_type IN ('client backend', 'parallel worker', 'autovacuum worker')
                OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL)
                OR %(with_background)s::bool
            )
            AND NOT (
                a.application_name = pg_catalog.current_setting('application_name')
                AND CASE WHEN %(own)s::int[] IS NOT NULL THEN a.pid = ANY (%(own)s::int[])
                    ELSE a.application_name = 'dbconsole'
                        AND a.usename = session_user
                        AND a.client_addr IS NOT DISTINCT FROM pg_catalog.inet_client_addr()
                END
            )
        )
    )
