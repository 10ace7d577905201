-- record: SlowStatement
-- needs: extension pg_stat_statements 1.8
-- interval: 30 s
-- The connected database's statements that take longest on average, of those that ran often enough. Counters only
-- (`false`): the texts are in a file. The setting exists where the library is loaded; without it the function fails, and
-- as the condition depends on no row, the function isn't called then.
SELECT
    s.queryid AS query_id,
    s.calls,
    s.mean_exec_time AS mean_ms,
    s.total_exec_time AS total_ms
FROM :"pg_stat_statements".pg_stat_statements(false) s
WHERE pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL
    AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    AND s.calls >= 100
ORDER BY s.mean_exec_time DESC
LIMIT 10
