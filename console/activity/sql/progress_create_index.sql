-- record: CommandProgress
-- interval: tick
-- CREATE INDEX and REINDEX (pg_stat_progress_create_index): lockers, blocks or tuples, whichever the phase counts.
-- An index that is being built has a name only in the sessions that see it: its table is named then.
SELECT
    p.pid,
    a.backend_start,
    pg_catalog.lower(p.command) AS command,
    p.datname::text AS database,
    coalesce(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
        'relation ' || p.relid) AS relation,
    p.phase,
    CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_done WHEN p.blocks_total > 0 THEN p.blocks_done
        ELSE p.tuples_done END AS done,
    CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_total WHEN p.blocks_total > 0 THEN p.blocks_total
        ELSE p.tuples_total END AS total,
    CASE WHEN p.phase LIKE 'waiting%' THEN 'sessions' WHEN p.blocks_total > 0 THEN 'blocks' ELSE 'rows' END AS unit,
    concat_ws(', ',
        pg_catalog.quote_ident(i.relname),
        'waits for pid ' || nullif(p.current_locker_pid, 0),
        CASE WHEN p.partitions_total > 0 THEN
            'partition ' || p.partitions_done || ' of ' || p.partitions_total END) AS detail,
    CASE WHEN coalesce(a.query_start, a.xact_start) IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - coalesce(a.query_start, a.xact_start))) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_create_index p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid AND p.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class i ON i.oid = p.index_relid AND p.datname = pg_catalog.current_database()
