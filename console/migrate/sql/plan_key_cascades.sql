-- record: KeyCascadeRow
-- interval: on demand
-- The tables that foreign keys lead to, however far: TRUNCATE ... CASCADE empties them all; DELETE goes on through
-- ON DELETE CASCADE alone, and SET NULL and SET DEFAULT change the rows of one more.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT a.schema, a.name, c.oid
    FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS a (schema, name)
    JOIN pg_catalog.pg_class AS c ON c.relname = a.name::name
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        AND (n.nspname = a.schema OR a.schema IS NULL AND n.nspname = ANY (%(path)s::text[]))
),
tree AS (
    SELECT w.way, a.schema, a.name, a.oid, true AS goes_on
    FROM asked AS a CROSS JOIN (VALUES ('truncate'), ('delete')) AS w (way)
    UNION
    SELECT t.way, t.schema, t.name, k.conrelid, t.way = 'truncate' OR k.confdeltype = 'c'
    FROM tree AS t
    JOIN pg_catalog.pg_constraint AS k ON k.confrelid = t.oid AND k.contype = 'f'
        AND (t.way = 'truncate' OR k.confdeltype IN ('c', 'n', 'd'))
    WHERE t.goes_on
)
SELECT DISTINCT t.way, t.schema, t.name, n.nspname::text AS relation_schema, c.relname::text AS relation_name
FROM tree AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND NOT c.relispartition
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT EXISTS (SELECT FROM asked AS a WHERE a.oid = t.oid AND a.name = t.name AND a.schema IS NOT DISTINCT FROM t.schema)
ORDER BY 1, 4, 5
