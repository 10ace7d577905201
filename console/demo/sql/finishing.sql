-- record: FinishingStatement
-- interval: on demand
-- What is to be done once rows have been copied in: sequences go on after them, an ivfflat index learns its lists from
-- them, materialised views are filled, and the planner learns of it all.
SELECT statement
FROM (
    SELECT 1 AS step,
           pg_catalog.format('SELECT pg_catalog.setval(%L, coalesce((SELECT max(%I) FROM %I.%I), 0) + 1, false)',
                             pg_catalog.pg_get_serial_sequence(pg_catalog.format('%I.%I', n.nspname, c.relname), a.attname),
                             a.attname, n.nspname, c.relname) AS statement
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attidentity <> '' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    UNION ALL
    SELECT 2, pg_catalog.format('REINDEX INDEX %I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_am m ON m.oid = c.relam
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE m.amname = 'ivfflat' AND c.relkind = 'i'
    UNION ALL
    SELECT 3, pg_catalog.format('REFRESH MATERIALIZED VIEW %I.%I', schemaname, matviewname)
    FROM pg_catalog.pg_matviews
    UNION ALL
    SELECT 4, 'ANALYZE'
) AS steps
ORDER BY step, statement
