-- record: VacuumTable
-- interval: 30 s
-- The tables that are nearest to (or beyond) what makes autovacuum come: dead rows, inserted rows, changed rows for
-- analyze, and age. Thresholds with the table's own storage parameters, of a TOAST table without any those of its table;
-- autovacuum analyzes neither TOAST tables nor pg_statistic. From 18 on an insert threshold counts unfrozen
-- pages only and is a little lower than here. Where the estimate of rows is none (18.0 to 18.4 made NaN and Infinity of
-- it) autovacuum comes for age alone: such tables have no thresholds and are the first.
WITH setting AS (
    SELECT
        pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8 AS dead_base,
        pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8 AS dead_scale,
        nullif(pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)::float8, -1) AS dead_most,
        pg_catalog.current_setting('autovacuum_vacuum_insert_threshold')::float8 AS insert_base,
        pg_catalog.current_setting('autovacuum_vacuum_insert_scale_factor')::float8 AS insert_scale,
        pg_catalog.current_setting('autovacuum_analyze_threshold')::float8 AS change_base,
        pg_catalog.current_setting('autovacuum_analyze_scale_factor')::float8 AS change_scale,
        pg_catalog.current_setting('autovacuum_freeze_max_age')::float8 AS freeze_max_age
), limited AS (
    SELECT
        c.oid,
        coalesce(own.is_enabled, true) AS is_enabled,
        e.rows IS NOT NULL AS has_estimate,
        CASE WHEN e.rows IS NOT NULL THEN
            least(coalesce(own.dead_base, s.dead_base) + coalesce(own.dead_scale, s.dead_scale) * e.rows,
                coalesce(nullif(own.dead_most, -1), s.dead_most)) END AS dead_limit,
        CASE WHEN coalesce(own.insert_base, s.insert_base) >= 0 THEN
            coalesce(own.insert_base, s.insert_base)
            + coalesce(own.insert_scale, s.insert_scale) * e.rows END AS insert_limit,
        CASE WHEN c.relkind <> 't' AND c.oid <> 'pg_catalog.pg_statistic'::regclass THEN
            coalesce(own.change_base, s.change_base)
            + coalesce(own.change_scale, s.change_scale) * e.rows END AS change_limit,
        least(own.freeze_max_age, s.freeze_max_age) AS age_limit
    FROM pg_catalog.pg_class c
    CROSS JOIN setting s
    LEFT JOIN pg_catalog.pg_class m ON m.reltoastrelid = c.oid AND c.relkind = 't'
    CROSS JOIN LATERAL (SELECT CASE WHEN c.reltuples <= 1e15 THEN greatest(c.reltuples, 0) END::float8) e (rows)
    LEFT JOIN LATERAL (
        SELECT
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_enabled')::bool AS is_enabled,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_threshold')::float8 AS dead_base,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_scale_factor')::float8 AS dead_scale,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_max_threshold')::float8 AS dead_most,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_insert_threshold')::float8
                AS insert_base,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_insert_scale_factor')::float8
                AS insert_scale,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_analyze_threshold')::float8 AS change_base,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_analyze_scale_factor')::float8
                AS change_scale,
            max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_freeze_max_age')::float8 AS freeze_max_age
        FROM pg_catalog.pg_options_to_table(coalesce(c.reloptions, m.reloptions)) o
    ) own ON coalesce(c.reloptions, m.reloptions) IS NOT NULL
    WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
)
SELECT
    c.oid,
    n.nspname::text AS schema,
    c.relname::text AS table,
    t.n_live_tup AS live_rows,
    t.n_dead_tup AS dead_rows,
    l.dead_limit,
    t.n_ins_since_vacuum AS inserted_rows,
    l.insert_limit,
    t.n_mod_since_analyze AS changed_rows,
    l.change_limit,
    pg_catalog.age(c.relfrozenxid) AS transaction_age,
    l.age_limit,
    l.is_enabled,
    l.has_estimate,
    CASE WHEN greatest(t.last_vacuum, t.last_autovacuum) IS NOT NULL
        THEN greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - greatest(t.last_vacuum, t.last_autovacuum)))
    END::float8 AS last_vacuum_age_s,
    CASE WHEN greatest(t.last_analyze, t.last_autoanalyze) IS NOT NULL
        THEN greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - greatest(t.last_analyze, t.last_autoanalyze)))
    END::float8 AS last_analyze_age_s,
    t.vacuum_count + t.autovacuum_count AS vacuums
FROM limited l
JOIN pg_catalog.pg_class c ON c.oid = l.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stat_all_tables t ON t.relid = c.oid
ORDER BY l.has_estimate, greatest(
    t.n_dead_tup / nullif(l.dead_limit, 0),
    t.n_ins_since_vacuum / nullif(l.insert_limit, 0),
    t.n_mod_since_analyze / nullif(l.change_limit, 0),
    pg_catalog.age(c.relfrozenxid) / nullif(l.age_limit, 0)
) DESC NULLS LAST, n.nspname, c.relname
LIMIT 200
