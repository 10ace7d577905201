-- record: StatsInfo
-- needs: extension pg_stat_statements 1.9
-- interval: tick
-- What pg_stat_statements is about as a whole, and the server's clock, by which intervals are measured.
SELECT
    pg_catalog.date_part('epoch', clock_timestamp()) AS now_s,
    i.stats_reset,
    pg_catalog.date_part('epoch', clock_timestamp() - i.stats_reset) AS reset_age_s,
    i.dealloc AS evictions,
    pg_catalog.current_setting('pg_stat_statements.max', true)::int AS max_entries,
    pg_catalog.current_setting('pg_stat_statements.track', true) AS track,
    pg_catalog.current_setting('pg_stat_statements.track_planning', true) = 'on' AS tracks_planning,
    pg_catalog.current_setting('track_io_timing') = 'on' AS tracks_io_timing,
    pg_catalog.current_setting('block_size')::int AS block_bytes
FROM :"pg_stat_statements".pg_stat_statements_info i
