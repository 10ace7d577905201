-- record: TableRow
-- interval: on demand
-- Tables with rows of their own that a backup brings back. Of an extension's own tables pg_dump takes but those rows
-- that the extension calls its configuration, and what is unlogged a base backup leaves out.
SELECT
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    n.nspname::text AS schema,
    c.relpersistence = 'u' AS is_unlogged
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
                  WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY 1
