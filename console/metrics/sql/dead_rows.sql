-- record: DeadRows
-- interval: 5 min
-- Tables with more dead rows than autovacuum's own threshold (the table's settings before the server's; from 18 on
-- autovacuum_vacuum_max_threshold bounds it) and at least 10,000, which leaves out what is cleaned in a moment. An
-- estimate of rows that is none (18.0 to 18.4 made NaN and Infinity of it) is the number of live rows: autovacuum itself
-- never comes to such a table.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS "table",
    t.dead_rows,
    t.live_rows,
    v.threshold::int8 AS threshold,
    100.0 * t.dead_rows / greatest(1, t.dead_rows + t.live_rows)::float8 AS dead_percent,
    coalesce(o.enabled, pg_catalog.current_setting('autovacuum')::bool) AS is_autovacuumed,
    extract(epoch FROM clock_timestamp() - greatest(
        pg_catalog.pg_stat_get_last_vacuum_time(c.oid), pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)))::float8
        AS last_vacuum_age_s,
    count(*) OVER () AS tables
FROM (
    SELECT
        c.oid,
        pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead_rows,
        pg_catalog.pg_stat_get_live_tuples(c.oid) AS live_rows
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
        AND pg_catalog.pg_stat_get_dead_tuples(c.oid) >= 10000
) t
JOIN pg_catalog.pg_class c ON c.oid = t.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_threshold')::float8 AS base,
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_scale_factor')::float8 AS scale,
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_vacuum_max_threshold')::float8 AS most,
        max(r.option_value) FILTER (WHERE r.option_name = 'autovacuum_enabled')::bool AS enabled
    FROM pg_catalog.pg_options_to_table(c.reloptions) r
) o ON c.reloptions IS NOT NULL
CROSS JOIN LATERAL (
    SELECT coalesce(o.base, pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8)
        + coalesce(o.scale, pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8)
            * CASE WHEN c.reltuples <= 1e15 THEN greatest(0, c.reltuples) ELSE t.live_rows END AS plain,
        nullif(coalesce(o.most, pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)::float8), -1)
            AS most
) w
CROSS JOIN LATERAL (SELECT least(w.plain, w.most) AS threshold) v
WHERE t.dead_rows > v.threshold
ORDER BY dead_percent DESC
LIMIT 20
