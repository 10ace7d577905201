-- record: ObjectRow
-- interval: on demand
-- Indexes that are no constraint's and no part of a partitioned index; the definition is without the index's own name.
WITH of_extensions AS MATERIALIZED (
    SELECT e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.deptype = 'e'
)
SELECT
    'index' AS kind,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    c.relname::text AS own_name,
    i.indrelid::regclass::text AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'definition', pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid),
                                         pg_catalog.format('INDEX %I ON', c.relname), 'INDEX ON'),
        'validity', CASE WHEN NOT i.indisvalid THEN 'invalid' END,
        'clustered on', CASE WHEN i.indisclustered THEN 'this' END,
        'replica identity', CASE WHEN i.indisreplident THEN 'this' END,
        'tablespace', (SELECT t.spcname FROM pg_catalog.pg_tablespace AS t WHERE t.oid = c.reltablespace),
        'statistics targets', (
            SELECT pg_catalog.string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attstattarget >= 0),
        'comment', (SELECT d.description FROM pg_catalog.pg_description AS d
            WHERE d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0))) AS facts
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT c.relispartition
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
                  WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  AND NOT EXISTS (SELECT FROM of_extensions WHERE of_extensions.objid = i.indrelid)
