-- record: CommandProgress
-- interval: tick
-- COPY (pg_stat_progress_copy). The server knows the whole size only of a file of its own.
SELECT
    p.pid,
    a.backend_start,
    pg_catalog.lower(p.command) AS command,
    p.datname::text AS database,
    CASE WHEN p.relid = 0 THEN 'a query' ELSE
        coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
            'relation ' || p.relid) END AS relation,
    'copying' AS phase,
    p.bytes_processed AS done,
    nullif(p.bytes_total, 0) AS total,
    'bytes' AS unit,
    concat_ws(', ',
        p.tuples_processed || ' rows',
        CASE WHEN p.tuples_excluded > 0 THEN p.tuples_excluded || ' left out by WHERE' END,
        pg_catalog.lower(p.type)) AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_copy p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
