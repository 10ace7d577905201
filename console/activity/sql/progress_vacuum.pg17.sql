-- record: CommandProgress
-- interval: tick
-- VACUUM and autovacuum (pg_stat_progress_vacuum). From 17 on it says how far through its indexes it is, from 18 on how
-- long its cost delay made it sleep (with track_cost_delay_timing), from 19 on in which mode and why it runs.
SELECT
    p.pid,
    a.backend_start,
    CASE WHEN a.backend_type = 'autovacuum worker' THEN 'autovacuum' ELSE 'vacuum' END AS command,
    p.datname::text AS database,
    coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
        'relation ' || p.relid) AS relation,
    p.phase,
    CASE p.phase WHEN 'scanning heap' THEN p.heap_blks_scanned WHEN 'vacuuming heap' THEN p.heap_blks_vacuumed
        WHEN 'vacuuming indexes' THEN p.indexes_processed WHEN 'cleaning up indexes' THEN p.indexes_processed END AS done,
    CASE p.phase WHEN 'scanning heap' THEN p.heap_blks_total WHEN 'vacuuming heap' THEN p.heap_blks_total
        WHEN 'vacuuming indexes' THEN p.indexes_total WHEN 'cleaning up indexes' THEN p.indexes_total END AS total,
    CASE WHEN p.phase LIKE '%indexes' THEN 'indexes' ELSE 'blocks' END AS unit,
    nullif(concat_ws(', ',
        CASE WHEN p.index_vacuum_count > 0 THEN 'index pass ' || p.index_vacuum_count END,
        nullif(j.fields ->> 'mode', 'normal'),
        CASE j.fields ->> 'started_by' WHEN 'autovacuum_wraparound' THEN 'against wraparound' END,
        'slept ' || nullif(round((j.fields ->> 'delay_time')::numeric / 1000, 1), 0) || ' s'), '') AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_vacuum p
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(p) AS fields) j
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
