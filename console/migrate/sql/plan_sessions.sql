-- record: RelationSession
-- interval: on demand
-- Who holds or awaits a lock on the relations that a plan names, oldest transaction first; not this session.
WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (a.name) a.name, r.oid
    FROM ROWS FROM (pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(relations)s::text[])) AS a (name, schema, relation)
    JOIN pg_catalog.pg_class r ON r.relname = a.relation::name
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace AND (s.nspname = a.schema::name
        OR a.schema IS NULL AND s.nspname = ANY (%(path)s::text[]) AND pg_catalog.has_schema_privilege(s.oid, 'USAGE'))
    ORDER BY a.name, pg_catalog.array_position(%(path)s::text[], s.nspname::text)
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
