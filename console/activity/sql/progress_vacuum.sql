-- record: CommandProgress
-- interval: tick
-- VACUUM and autovacuum (pg_stat_progress_vacuum). How far through its indexes it is the server says from 17 on.
SELECT
    p.pid,
    a.backend_start,
    CASE WHEN a.backend_type = 'autovacuum worker' THEN 'autovacuum' ELSE 'vacuum' END AS command,
    p.datname::text AS database,
    coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
        'relation ' || p.relid) AS relation,
    p.phase,
    CASE p.phase WHEN 'scanning heap' THEN p.heap_blks_scanned WHEN 'vacuuming heap' THEN p.heap_blks_vacuumed
        WHEN 'vacuuming indexes' THEN NULL::int8 WHEN 'cleaning up indexes' THEN NULL::int8 END AS done,
    CASE p.phase WHEN 'scanning heap' THEN p.heap_blks_total WHEN 'vacuuming heap' THEN p.heap_blks_total
        WHEN 'vacuuming indexes' THEN NULL::int8 WHEN 'cleaning up indexes' THEN NULL::int8 END AS total,
    CASE WHEN p.phase LIKE '%indexes' THEN 'indexes' ELSE 'blocks' END AS unit,
    CASE WHEN p.index_vacuum_count > 0 THEN 'index pass ' || p.index_vacuum_count END AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_vacuum p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
