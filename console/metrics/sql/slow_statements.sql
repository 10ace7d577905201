-- record: SlowStatementStats
-- needs: extension pg_stat_statements 1.8
-- interval: 30 s
-- The connected database's statements that take longest on average, of those that ran often enough; one row of NULLs
-- where there is none. Counters only (`false`): the texts are in a file. The setting exists where the library is loaded;
-- without it the function fails, and as the condition depends on no row, the function isn't called then.
SELECT
    l.is_loaded,
    s.queryid AS query_id,
    s.calls,
    s.mean_exec_time AS mean_ms,
    s.total_exec_time AS total_ms
FROM (SELECT pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL) l (is_loaded)
LEFT JOIN LATERAL (
    SELECT f.queryid, f.calls, f.mean_exec_time, f.total_exec_time
    FROM :"pg_stat_statements".pg_stat_statements(false) f
    WHERE pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL
        AND f.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND f.calls >= 100
    ORDER BY f.mean_exec_time DESC
    LIMIT 10
) s ON true
ORDER BY s.mean_exec_time DESC
