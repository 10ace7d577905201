-- record: SchemaSize
-- interval: 5 min
-- Tables (a partitioned one is one table, however many partitions) and bytes of heap, indexes and TOAST by schema.
-- pg_relation_size() opens the relation: it would wait for an ACCESS EXCLUSIVE lock, and every opened one stays in this
-- backend's memory. So a relation that is locked that way, and all of them where there are more than 5,000, are
-- estimated from pg_class.relpages (of the last vacuum or analyze); is_estimate says so.
WITH relation AS (
    SELECT
        coalesce(owner.relnamespace, c.relnamespace) AS relnamespace,
        c.oid,
        c.relkind,
        c.relispartition,
        c.relpages,
        count(*) OVER () > 5000 OR c.oid IN (
            SELECT l.relation
            FROM pg_catalog.pg_locks l
            WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
        ) AS is_estimate
    FROM pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_index toast_index ON c.relkind = 'i' AND toast_index.indexrelid = c.oid
        AND c.relnamespace = 'pg_toast'::regnamespace
    LEFT JOIN pg_catalog.pg_class owner ON owner.relnamespace <> 'pg_toast'::regnamespace
        AND owner.reltoastrelid = CASE c.relkind WHEN 't' THEN c.oid ELSE toast_index.indrelid END
    WHERE c.relkind IN ('r', 'p', 'm', 'i', 't')
        AND c.relpersistence <> 't'
)
SELECT
    n.nspname::text AS schema,
    count(*) FILTER (WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition) AS tables,
    coalesce(sum(CASE
        WHEN r.is_estimate THEN r.relpages::int8 * pg_catalog.current_setting('block_size')::int8
        ELSE pg_catalog.pg_relation_size(r.oid)
    END), 0)::int8 AS total_bytes,
    coalesce(bool_or(r.is_estimate), false) AS is_estimate
FROM pg_catalog.pg_namespace n
LEFT JOIN relation r ON n.oid = r.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname !~ '^pg_(toast_)?temp_'
GROUP BY n.nspname
ORDER BY n.nspname
