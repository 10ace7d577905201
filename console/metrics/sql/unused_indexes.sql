-- record: UnusedIndex
-- interval: 5 min
-- Indexes that no query has scanned since the statistics began, and that nothing else needs: not unique, behind no
-- constraint, no replica identity. A partitioned index counts as one, with all its partitions' scans. Bytes are of the
-- last vacuum or analyze, as asking for the file opens the index.
WITH family AS (
    SELECT
        CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid ELSE c.oid END AS root,
        pg_catalog.sum(c.relpages::int8) AS pages,
        pg_catalog.sum(pg_catalog.pg_stat_get_numscans(c.oid)) AS scans
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE c.relkind = 'i'
        AND c.oid >= 16384
        AND c.relnamespace <> 'pg_toast'::regnamespace
        AND c.relpersistence <> 't'
        AND i.indisvalid AND NOT i.indisunique AND NOT i.indisreplident
    GROUP BY 1
    HAVING pg_catalog.sum(pg_catalog.pg_stat_get_numscans(c.oid)) = 0
)
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS index,
    f.pages::int8 * z.block_bytes AS estimated_bytes,
    count(*) OVER () AS unused,
    pg_catalog.sum(f.pages::int8 * z.block_bytes) OVER ()::int8 AS unused_bytes
FROM family f
JOIN pg_catalog.pg_class c ON c.oid = f.root
JOIN pg_catalog.pg_index i ON i.indexrelid = f.root
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::int8) z (block_bytes)
WHERE f.pages * z.block_bytes >= 10485760
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
ORDER BY estimated_bytes DESC, n.nspname, c.relname
LIMIT 20
