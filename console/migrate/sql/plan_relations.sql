-- record: RelationFacts
-- interval: on demand
-- The relations that a plan names. A size is never waited for: while somebody holds or awaits ACCESS EXCLUSIVE,
-- it comes from pg_class.relpages instead.
WITH RECURSIVE asked AS (
    SELECT a.name, pg_catalog.to_regclass(a.name)::oid AS oid
    FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
),
tree AS (
    SELECT a.name, a.oid AS oid FROM asked a WHERE a.oid IS NOT NULL
    UNION
    SELECT t.name, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
),
sized AS (
    SELECT
        t.name,
        t.oid,
        c.reltuples,
        c.relkind,
        CASE
            WHEN c.relkind NOT IN ('r', 'm', 'i', 'S', 't') THEN NULL
            WHEN EXISTS (
                SELECT FROM pg_catalog.pg_locks l
                WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
                    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                      WHERE d.datname = pg_catalog.current_database())
            )
            THEN c.relpages::int8 * pg_catalog.current_setting('block_size')::int8
            WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_total_relation_size(c.oid)
            ELSE pg_catalog.pg_relation_size(c.oid)
        END AS bytes
    FROM tree t
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
)
SELECT
    a.name AS asked,
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    (SELECT sum(s.reltuples)::int8 FROM sized s
        WHERE s.name = a.name AND s.reltuples >= 0 AND s.relkind IN ('r', 'm', 'f')) AS rows,
    (SELECT sum(s.bytes)::int8 FROM sized s WHERE s.name = a.name) AS total_bytes,
    (SELECT count(*)::int FROM tree t WHERE t.name = a.name AND t.oid <> c.oid) AS partitions,
    tn.nspname::text AS table_schema,
    tc.relname::text AS table_name,
    CASE WHEN c.relkind IN ('r', 'm', 'p')
        THEN (SELECT sum(s.bytes) FROM sized s WHERE s.name = a.name AND s.relkind IN ('r', 'm')) = 0 END AS is_empty
FROM asked a
JOIN pg_catalog.pg_class c ON c.oid = a.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = x.indrelid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
