-- record: TouchedTable
-- interval: on demand
-- The tables that a statement names, with what their statistics say; a name without a schema means the first that the
-- person's search_path, `path`, finds, else every one of that name.
WITH wanted AS (
    SELECT
        w.schema_name,
        w.relation_name,
        (SELECT r.oid
         FROM pg_catalog.pg_class r
         JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace
         WHERE r.relname = w.relation_name::name AND s.nspname = ANY (%(path)s::text[])
             AND pg_catalog.has_schema_privilege(s.oid, 'USAGE')
         ORDER BY pg_catalog.array_position(%(path)s::text[], s.nspname::text)
         LIMIT 1) AS visible
    FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[]))
        AS w (schema_name, relation_name)
)
SELECT
    c.oid::int8 AS relation_id,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples::float8 END AS estimated_rows,
    pg_catalog.pg_table_size(c.oid) AS total_bytes,
    pg_catalog.pg_stat_get_numscans(c.oid) AS sequential_scans
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p', 'f', 'v')
    AND EXISTS (
        SELECT
        FROM wanted w
        WHERE w.relation_name = c.relname
            AND CASE
                WHEN w.schema_name <> '' THEN w.schema_name = n.nspname
                WHEN w.visible IS NOT NULL THEN c.oid = w.visible
                ELSE true
            END
    )
ORDER BY n.nspname, c.relname
LIMIT 50
