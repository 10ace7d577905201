-- record: Backend
-- interval: tick
-- Every session but our own: those with our application name, unless that is a name that the person chose, our role
-- and address. Who waits for a lock or holds somebody up is there in any case. Waiters come from pg_locks, which hides
-- nothing from any role. pg_blocking_pids() stops the lock manager for a moment, so only the 200 longest waiters are
-- asked for; 0 stands for a prepared transaction, found by the lock that it shares and the one on its own number.
-- Idle sessions and background processes come when asked for, and those of `also` in any case.
-- The text is cut here: detail fetches it whole. Ages by the server's clock.
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT ON (l.pid) l.*
    FROM pg_catalog.pg_locks l
    WHERE NOT l.granted AND l.pid IS NOT NULL
    ORDER BY l.pid
), blocked AS MATERIALIZED (
    SELECT w.*, CASE WHEN w.place <= 200 THEN pg_catalog.pg_blocking_pids(w.pid) END AS blocked_by
    FROM (SELECT waiting.*, row_number() OVER (ORDER BY waitstart) AS place FROM waiting) w
), own AS MATERIALIZED (
    SELECT
        pg_catalog.pg_backend_pid() AS pid,
        pg_catalog.current_setting('application_name') AS application,
        pg_catalog.inet_client_addr() AS address,
        (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS database
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
    greatest(0, extract(epoch FROM clock_timestamp() - a.xact_start))::float8 AS transaction_age_s,
    CASE WHEN a.state = 'active'
        THEN greatest(0, extract(epoch FROM clock_timestamp() - a.query_start))::float8 END AS query_age_s,
    greatest(0, extract(epoch FROM clock_timestamp() - a.state_change))::float8 AS state_age_s,
    greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) AS xmin_age,
    pg_catalog.left(a.query, 300) AS query,
    a.query = '<insufficient privilege>' AND a.state IS NULL AS is_hidden,
    b.locktype AS lock_type,
    b.mode AS lock_mode,
    CASE
        WHEN b.relation IS NOT NULL THEN
            coalesce(
                pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
                'relation ' || b.relation || ' of ' || d.datname)
            || coalesce(' row (' || b.page || ',' || b.tuple || ')', ' page ' || b.page, '')
        WHEN b.locktype = 'transactionid' THEN 'transaction ' || b.transactionid
        WHEN b.locktype = 'virtualxid' THEN 'virtual transaction ' || b.virtualxid
        WHEN b.locktype = 'advisory' AND b.objsubid = 1 THEN
            'advisory key ' || ((b.classid::int8 << 32) | b.objid::int8)
        WHEN b.locktype = 'advisory' THEN 'advisory keys ' || b.classid || ', ' || b.objid
        WHEN b.classid IS NOT NULL THEN b.classid::regclass || ' ' || b.objid
        ELSE b.locktype
    END AS lock_target,
    greatest(0, extract(epoch FROM clock_timestamp() - b.waitstart))::float8 AS lock_wait_s,
    b.blocked_by,
    CASE WHEN 0 = ANY (b.blocked_by) THEN ARRAY(
        SELECT DISTINCT p.gid
        FROM pg_catalog.pg_locks g
        JOIN pg_catalog.pg_locks x ON x.virtualtransaction = g.virtualtransaction AND x.granted AND x.pid IS NULL
        JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
        WHERE g.granted AND g.pid IS NULL
            AND (g.locktype, g.database, g.relation, g.page, g.tuple, g.virtualxid, g.transactionid, g.classid, g.objid,
                g.objsubid) IS NOT DISTINCT FROM
                (b.locktype, b.database, b.relation, b.page, b.tuple, b.virtualxid, b.transactionid, b.classid,
                b.objid, b.objsubid)
    ) END AS prepared
FROM pg_catalog.pg_stat_activity a
CROSS JOIN own
LEFT JOIN blocked b ON b.pid = a.pid
LEFT JOIN pg_catalog.pg_database d ON d.oid = b.database
LEFT JOIN pg_catalog.pg_class c ON c.oid = b.relation AND b.database IN (0, own.database)
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.pid <> own.pid
    AND (
        b.pid IS NOT NULL
        OR a.pid = ANY (%(also)s::int[])
        OR a.pid IN (SELECT unnest(blocked.blocked_by) FROM blocked)
        OR (
            ((a.application_name, a.usename, a.client_addr)
                IS DISTINCT FROM (own.application, session_user, own.address) OR own.application <> 'dbconsole')
            AND (a.state IS DISTINCT FROM 'idle' OR %(with_idle)s::bool)
            AND (
                a.backend_type IN ('client backend', 'parallel worker', 'autovacuum worker')
                OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL)
                OR %(with_background)s::bool
            )
        )
    )
