-- record: CommandProgress
-- needs: view pg_stat_progress_repack
-- interval: tick
-- REPACK, CLUSTER and VACUUM FULL (pg_stat_progress_repack; the older view calls each CLUSTER or VACUUM FULL). Rows that
-- were changed meanwhile are applied in the phase catch-up, of REPACK (CONCURRENTLY) alone.
SELECT
    p.pid,
    a.backend_start,
    pg_catalog.lower(p.command) AS command,
    p.datname::text AS database,
    coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
        'relation ' || p.relid) AS relation,
    p.phase,
    CASE p.phase WHEN 'seq scanning heap' THEN p.heap_blks_scanned WHEN 'rebuilding index' THEN p.index_rebuild_count
        WHEN 'catch-up' THEN p.heap_tuples_inserted + p.heap_tuples_updated + p.heap_tuples_deleted
        ELSE greatest(p.heap_tuples_scanned, p.heap_tuples_inserted) END AS done,
    CASE WHEN p.phase = 'seq scanning heap' THEN p.heap_blks_total END AS total,
    CASE p.phase WHEN 'seq scanning heap' THEN 'blocks' WHEN 'rebuilding index' THEN 'indexes' ELSE 'rows' END AS unit,
    CASE WHEN p.heap_tuples_updated + p.heap_tuples_deleted > 0 THEN
        p.heap_tuples_updated || ' updated, ' || p.heap_tuples_deleted || ' deleted meanwhile' END AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_repack p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
