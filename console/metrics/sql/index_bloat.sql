-- record: BloatEstimate
-- interval: on demand
-- How large a B-tree would be if it were built anew, by the widths that ANALYZE found, against the pages that it has.
-- NULL for another method, for expressions, and where a column has no statistics. It knows nothing of deduplication, so
-- an index with many equal keys may be smaller than this says.
SELECT
    pg_catalog.pg_relation_size(c.oid) AS total_bytes,
    CASE WHEN m.amname = 'btree' AND s.known = i.indnatts AND c.reltuples BETWEEN 0 AND 1e15 THEN
        (1 + ceil(c.reltuples / greatest(1, floor((z.block_bytes - 40) * z.fill_percent / 100.0
            / (4 + 8 * ceil((CASE WHEN s.nulls > 0 THEN 16 ELSE 8 END + s.width) / 8.0))))))
        * z.block_bytes END::int8 AS packed_bytes,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::int8 AS estimated_rows,
    z.fill_percent,
    extract(epoch FROM clock_timestamp() - greatest(
        pg_catalog.pg_stat_get_last_analyze_time(t.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(t.oid)))::float8
        AS analyzed_age_s
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.current_setting('block_size')::int8 AS block_bytes,
        coalesce((
            SELECT o.option_value::int8
            FROM pg_catalog.pg_options_to_table(c.reloptions) o
            WHERE o.option_name = 'fillfactor'), 90) AS fill_percent
) z
CROSS JOIN LATERAL (
    SELECT
        count(p.attname) AS known,
        coalesce(max(p.null_frac), 0) AS nulls,
        coalesce(pg_catalog.sum((1 - p.null_frac) * p.avg_width), 0) AS width
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_stats p ON p.schemaname = n.nspname AND p.tablename = t.relname AND p.attname = a.attname
        AND NOT p.inherited
    WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey::int2[])
) s
WHERE c.oid = %(oid)s::oid
