-- record: ArchiverState
-- interval: 30 s
-- Whether WAL reaches the archive (pg_stat_archiver). waiting_segments counts the complete segments from the one that
-- fails, or from the one after the last that was archived; NULL when nothing was tried yet, and when the last was no
-- segment but a history or backup file, whose name says nothing of where archiving is.
SELECT
    pg_catalog.current_setting('archive_mode') AS mode,
    s.is_failing,
    a.last_failed_wal,
    extract(epoch FROM clock_timestamp() - a.last_failed_time)::float8 AS last_failed_age_s,
    extract(epoch FROM clock_timestamp() - a.last_archived_time)::float8 AS last_archived_age_s,
    a.failed_count,
    CASE WHEN s.next_wal ~ '^[0-9A-F]{24}$' THEN greatest(0,
        (pg_catalog.pg_wal_lsn_diff(
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END, '0/0') / z.segment_bytes)::int8
        - (('x' || substr(s.next_wal, 9, 8))::bit(32)::int8 * (4294967296 / z.segment_bytes)
            + ('x' || substr(s.next_wal, 17, 8))::bit(32)::int8)
        - CASE WHEN s.is_failing THEN 0 ELSE 1 END) END AS waiting_segments,
    z.segment_bytes
FROM pg_catalog.pg_stat_archiver a
CROSS JOIN (SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))) z (segment_bytes)
CROSS JOIN LATERAL (
    SELECT
        f.is_failing,
        CASE WHEN f.is_failing THEN a.last_failed_wal ELSE a.last_archived_wal END AS next_wal
    FROM (SELECT coalesce(a.last_failed_time > a.last_archived_time, a.last_failed_time IS NOT NULL)) f (is_failing)
) s
