-- record: CommandProgress
-- interval: tick
-- ANALYZE and autoanalyze (pg_stat_progress_analyze). From 18 on it says how long its cost delay made it sleep (with
-- track_cost_delay_timing).
SELECT
    p.pid,
    a.backend_start,
    CASE WHEN a.backend_type = 'autovacuum worker' THEN 'autoanalyze' ELSE 'analyze' END AS command,
    p.datname::text AS database,
    coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
        'relation ' || p.relid) AS relation,
    p.phase,
    CASE p.phase WHEN 'acquiring sample rows' THEN p.sample_blks_scanned
        WHEN 'acquiring inherited sample rows' THEN p.sample_blks_scanned
        WHEN 'computing extended statistics' THEN p.ext_stats_computed END AS done,
    CASE p.phase WHEN 'acquiring sample rows' THEN p.sample_blks_total
        WHEN 'acquiring inherited sample rows' THEN p.sample_blks_total
        WHEN 'computing extended statistics' THEN p.ext_stats_total END AS total,
    CASE p.phase WHEN 'computing extended statistics' THEN 'statistics' ELSE 'blocks' END AS unit,
    nullif(concat_ws(', ',
        CASE WHEN p.child_tables_total > 0 THEN
            'partition ' || p.child_tables_done || ' of ' || p.child_tables_total END,
        'slept ' || nullif(round((pg_catalog.to_jsonb(p) ->> 'delay_time')::numeric / 1000, 1), 0) || ' s'), '')
        AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_analyze p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
