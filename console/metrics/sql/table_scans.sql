-- record: TableScans
-- interval: 30 s
-- The 30 tables with 5,000 rows or more of which most rows were read by sequential scans; statistics only, no sizes.
SELECT
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS "table",
    s.live_rows,
    s.sequential_scans,
    s.sequential_rows,
    x.scans AS index_scans,
    x.indexes
FROM (
    SELECT
        t.oid,
        pg_catalog.pg_stat_get_live_tuples(t.oid) AS live_rows,
        pg_catalog.pg_stat_get_numscans(t.oid) AS sequential_scans,
        pg_catalog.pg_stat_get_tuples_returned(t.oid) AS sequential_rows
    FROM pg_catalog.pg_class t
    WHERE t.relkind = 'r'
        AND t.relpersistence <> 't'
        AND t.reltuples >= 5000
        AND t.relnamespace <> 'pg_catalog'::regnamespace
    ORDER BY sequential_rows DESC
    LIMIT 30
) s
JOIN pg_catalog.pg_class c ON c.oid = s.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_catalog.pg_stat_get_numscans(i.indexrelid)), 0)::int8 AS scans, count(*) AS indexes
    FROM pg_catalog.pg_index i
    WHERE i.indrelid = c.oid AND i.indisvalid
) x
ORDER BY s.sequential_rows DESC
