-- record: Archiver
-- interval: 30 s
SELECT
    pg_catalog.current_setting('archive_mode') AS mode,
    a.archived_count AS archived,
    a.failed_count AS failed,
    a.last_archived_wal,
    CASE WHEN a.last_archived_time IS NOT NULL
        THEN greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - a.last_archived_time)) END::float8 AS last_archived_age_s,
    a.last_failed_wal,
    CASE WHEN a.last_failed_time IS NOT NULL
        THEN greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - a.last_failed_time)) END::float8 AS last_failed_age_s,
    a.last_failed_time > coalesce(a.last_archived_time, '-infinity') AS is_failing,
    a.stats_reset
FROM pg_catalog.pg_stat_archiver a
