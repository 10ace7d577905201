-- record: RelationSession
-- interval: on demand
-- Who holds or awaits a lock on the relations that a plan names or on a partition or child of them, which is locked
-- with them; oldest transaction first; not this session.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT DISTINCT ON (a.name) a.name, r.oid
    FROM ROWS FROM (pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(relations)s::text[])) AS a (name, schema, relation)
    JOIN pg_catalog.pg_class r ON r.relname = a.relation::name
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace AND (s.nspname = a.schema::name
        OR a.schema IS NULL AND s.nspname = ANY (%(path)s::text[]) AND pg_catalog.has_schema_privilege(s.oid, 'USAGE'))
    ORDER BY a.name, pg_catalog.array_position(%(path)s::text[], s.nspname::text)
),
tree AS (
    SELECT a.name, a.oid FROM asked a
    UNION
    SELECT t.name, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
),
-- A session that has locked several partitions is told once, by the strongest of its locks.
held AS (
    SELECT DISTINCT ON (t.name, l.pid, l.granted) t.name, l.pid, l.mode, l.granted
    FROM tree t
    JOIN pg_catalog.pg_locks l ON l.relation = t.oid
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    WHERE l.locktype = 'relation' AND l.pid <> pg_catalog.pg_backend_pid()
    ORDER BY t.name, l.pid, l.granted, pg_catalog.array_position(
        '{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,ShareLock,ShareUpdateExclusiveLock,RowExclusiveLock,RowShareLock,AccessShareLock}', l.mode)
)
SELECT
    a.name AS asked,
    a.pid,
    s.usename::text AS "user",
    s.application_name AS application,
    s.state,
    a.mode,
    a.granted,
    EXTRACT(epoch FROM pg_catalog.clock_timestamp() - s.xact_start)::float8 AS transaction_s,
    pg_catalog.left(s.query, 200) AS query
FROM held a
LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = a.pid
ORDER BY s.xact_start NULLS LAST, a.pid
