-- record: RowTable
-- interval: on demand
-- What holds rows: tables and materialized views, with the columns that can be written. A table of an extension, or
-- one in a schema of dbconsole's, is nobody's files' to fill.
SELECT
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    n.nspname::text AS schema,
    c.relkind = 'm' AS is_view,
    EXISTS (SELECT FROM pg_catalog.pg_depend AS e
            WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') AS is_extensions,
    c.relkind <> 'm' OR c.relispopulated AS is_populated,
    ARRAY(
        SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY a.attnum) AS columns,
    coalesce((SELECT ARRAY(
            SELECT a.attname::text
            FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, place)
            JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
            ORDER BY k.place)
        FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'dbconsole')
ORDER BY 1
