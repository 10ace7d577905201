-- record: BloatEstimate
-- interval: on demand
-- How large the table's rows would be if they were packed as they are after VACUUM FULL, by the widths that ANALYZE found,
-- against the pages that it has (TOAST apart). NULL where a column has no statistics: never analyzed, or hidden from
-- this role.
SELECT
    pg_catalog.pg_relation_size(c.oid) AS total_bytes,
    CASE WHEN s.known = s.columns AND c.reltuples BETWEEN 0 AND 1e15 THEN
        ceil(c.reltuples / greatest(1, floor((z.block_bytes - 24) * z.fill_percent / 100.0
            / (4 + 8 * ceil((23 + CASE WHEN s.nulls > 0 THEN (s.columns + 7) / 8 ELSE 0 END + s.width) / 8.0)))))
        * z.block_bytes END::int8 AS packed_bytes,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::int8 AS estimated_rows,
    z.fill_percent,
    extract(epoch FROM clock_timestamp() - greatest(
        pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)))::float8
        AS analyzed_age_s
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.current_setting('block_size')::int8 AS block_bytes,
        coalesce((
            SELECT o.option_value::int8
            FROM pg_catalog.pg_options_to_table(c.reloptions) o
            WHERE o.option_name = 'fillfactor'), 100) AS fill_percent
) z
CROSS JOIN LATERAL (
    SELECT
        count(*) AS columns,
        count(t.attname) AS known,
        coalesce(max(t.null_frac), 0) AS nulls,
        coalesce(pg_catalog.sum((1 - t.null_frac) * t.avg_width), 0) AS width
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_stats t ON t.schemaname = n.nspname AND t.tablename = c.relname
        AND t.attname = a.attname AND NOT t.inherited
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) s
WHERE c.oid = %(oid)s::oid
