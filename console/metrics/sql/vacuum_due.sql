-- record: VacuumDue
-- interval: 5 min
-- How many tables autovacuum would come for by the server's own thresholds, whatever storage parameters they have. An
-- estimate of rows that is none (18.0 to 18.4 made NaN and Infinity of it) is the number of live rows.
SELECT
    count(*) FILTER (WHERE t.n_dead_tup > least(
        pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8
        + pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8 * CASE WHEN c.reltuples <= 1e15 THEN greatest(c.reltuples, 0) ELSE t.n_live_tup END,
        nullif(pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)::float8, -1))) AS tables,
    coalesce(sum(t.n_dead_tup), 0)::int8 AS dead_rows,
    coalesce(sum(t.n_live_tup), 0)::int8 AS live_rows
FROM pg_catalog.pg_stat_all_tables t
JOIN pg_catalog.pg_class c ON c.oid = t.relid
