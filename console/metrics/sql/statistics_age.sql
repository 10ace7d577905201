-- record: StatisticsAge
-- interval: 30 s
-- How long the counters have counted: the database's own since it was reset (NULL: never, or nobody knows), the server's
-- since the earliest reset of those that the server as a whole keeps, which a crash resets all; and the cluster's own
-- age, of which the upper half of the system identifier tells (the second of initdb). A query in a query (ts_stat) asks
-- for that, as the right to call a function is wanted before anything runs.
SELECT
    extract(epoch FROM clock_timestamp() - d.stats_reset)::float8 AS database_reset_age_s,
    extract(epoch FROM clock_timestamp() - least(a.stats_reset, b.stats_reset, w.stats_reset))::float8 AS server_reset_age_s,
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
        THEN (
            SELECT (extract(epoch FROM clock_timestamp()) - (s.word::int8 >> 32))::float8
            FROM pg_catalog.ts_stat('SELECT pg_catalog.array_to_tsvector(ARRAY[c.system_identifier::text])
                FROM pg_catalog.pg_control_system() c') s
        ) END AS cluster_age_s
FROM pg_catalog.pg_stat_archiver a
CROSS JOIN pg_catalog.pg_stat_bgwriter b
CROSS JOIN pg_catalog.pg_stat_wal w
LEFT JOIN pg_catalog.pg_stat_database d ON d.datname = pg_catalog.current_database()
