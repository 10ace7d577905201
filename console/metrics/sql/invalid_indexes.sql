-- record: InvalidIndex
-- interval: 30 s
-- Left out: an index that somebody is building right now, and a partitioned index that waits for its partitions.
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS index,
    i.indisready AS is_maintained,
    count(*) OVER () AS invalid
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
    AND c.relkind = 'i'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_stat_progress_create_index p
        JOIN pg_catalog.pg_locks l ON l.pid = p.pid AND l.granted
        WHERE l.relation = i.indrelid AND p.datid = l.database
    )
ORDER BY n.nspname, c.relname
LIMIT 100
