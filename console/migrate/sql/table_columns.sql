-- record: CountedTable
-- interval: on demand
-- Tables of the users' own with their columns, names quoted; partitions are counted with their table.
SELECT
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    n.nspname::text AS schema,
    pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attnum)
        FILTER (WHERE a.attname IS NOT NULL) AS columns
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p')
  AND NOT c.relispartition
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
GROUP BY n.nspname, c.relname
