-- record: SampleTable
-- interval: on demand
-- The tables that a rehearsal may fill, by their quoted names, without partitions, which their table stands for: their
-- columns that can be written, and the planner's estimate of their rows (NULL: never analyzed).
SELECT
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    ARRAY(
        SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY a.attnum) AS columns,
    CASE WHEN c.relkind = 'p' THEN (
        SELECT sum(p.reltuples)::int8
        FROM pg_catalog.pg_partition_tree(c.oid) AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.relid
        WHERE t.isleaf AND p.reltuples BETWEEN 0 AND 1e15)
        WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples::int8 END AS rows,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_read
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'dbconsole')
ORDER BY 1
