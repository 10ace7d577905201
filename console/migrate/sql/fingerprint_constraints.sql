-- record: ObjectRow
-- interval: on demand
-- Constraints of tables and domains; NOT NULL is told with the column, save where it isn't valid yet or not inherited.
WITH of_extensions AS MATERIALIZED (
    SELECT e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass) AND e.deptype = 'e'
)
SELECT
    CASE k.contype WHEN 'c' THEN 'check constraint' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
                   WHEN 'u' THEN 'unique constraint' WHEN 'x' THEN 'exclusion constraint'
                   ELSE 'not-null constraint' END AS kind,
    pg_catalog.format('%I on %s', k.conname, p.name) AS name,
    k.conname::text AS own_name,
    p.name AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'definition', pg_catalog.pg_get_constraintdef(k.oid),
        'enforcement', (SELECT max(CASE t.tgenabled WHEN 'D' THEN 'disabled' ELSE 'changed' END)
                        FROM pg_catalog.pg_trigger AS t
                        WHERE t.tgconstraint = ANY (ARRAY(
                                  SELECT k.oid UNION ALL
                                  SELECT c.oid FROM pg_catalog.pg_constraint AS c WHERE c.conparentid = k.oid))
                          AND t.tgisinternal AND t.tgenabled <> 'O'),
        'index options', (SELECT pg_catalog.array_to_string(i.reloptions, ', ') FROM pg_catalog.pg_class AS i
                          WHERE i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')),
        'clustered on', (SELECT 'this' FROM pg_catalog.pg_index AS i
                         WHERE i.indexrelid = k.conindid AND i.indisclustered AND k.contype IN ('p', 'u', 'x')),
        'replica identity', (SELECT 'this' FROM pg_catalog.pg_index AS i
                             WHERE i.indexrelid = k.conindid AND i.indisreplident AND k.contype IN ('p', 'u', 'x')),
        'comment', (SELECT d.description FROM pg_catalog.pg_description AS d
            WHERE d.objoid = k.oid AND d.classoid = 'pg_catalog.pg_constraint'::regclass))) AS facts
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace
CROSS JOIN LATERAL (
    SELECT CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text
                ELSE pg_catalog.format_type(k.contypid, NULL) END AS name) AS p
WHERE k.contype <> 't'
  AND (k.contype <> 'n' OR NOT k.convalidated OR k.connoinherit)
  AND k.conparentid = 0
  AND (k.conrelid <> 0 OR k.contypid <> 0)
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM of_extensions WHERE of_extensions.objid IN (k.conrelid, k.contypid))
