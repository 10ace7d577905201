-- record: RelationFacts
-- interval: on demand
-- The relations that a plan names; `path` are the schemas where a name without one is looked for, in this order. A size is never waited for: while somebody holds or awaits ACCESS EXCLUSIVE,
-- it comes from pg_class.relpages instead.
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
locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    WHERE l.mode = 'AccessExclusiveLock'
),
sized AS (
    SELECT
        t.name,
        t.oid,
        c.reltuples,
        c.relkind,
        CASE
            WHEN c.relkind NOT IN ('r', 'm', 'i', 'S', 't') THEN NULL
            WHEN g.gone THEN c.relpages::int8 * pg_catalog.current_setting('block_size')::int8
            WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_total_relation_size(c.oid)
            ELSE pg_catalog.pg_relation_size(c.oid)
        END AS bytes,
        CASE WHEN c.relkind IN ('r', 'm') THEN
            CASE WHEN g.gone THEN c.relpages ELSE pg_catalog.pg_relation_size(c.oid) END
        END AS pages
    FROM tree t
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM locked l WHERE l.relation = c.oid) AS gone) g
)
SELECT
    a.name AS asked,
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    (SELECT sum(s.reltuples)::int8 FROM sized s
        WHERE s.name = a.name AND s.reltuples BETWEEN 0 AND 1e15 AND s.relkind IN ('r', 'm', 'f')) AS rows,
    (SELECT sum(s.bytes)::int8 FROM sized s WHERE s.name = a.name) AS total_bytes,
    (SELECT count(*)::int FROM tree t WHERE t.name = a.name AND t.oid <> c.oid) AS partitions,
    tn.nspname::text AS table_schema,
    tc.relname::text AS table_name,
    dn.nspname::text AS default_schema,
    dc.relname::text AS default_name,
    CASE WHEN c.relkind IN ('r', 'm', 'p')
        THEN (SELECT COALESCE(sum(s.pages), 0) FROM sized s WHERE s.name = a.name) = 0 END AS is_empty
FROM asked a
JOIN pg_catalog.pg_class c ON c.oid = a.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = x.indrelid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
LEFT JOIN pg_catalog.pg_partitioned_table pt ON pt.partrelid = c.oid
LEFT JOIN pg_catalog.pg_class dc ON dc.oid = pt.partdefid
LEFT JOIN pg_catalog.pg_namespace dn ON dn.oid = dc.relnamespace
