-- record: ArchiveBacklog
-- needs: role pg_monitor
-- interval: 30 s
-- WAL segments that are complete and not archived yet.
SELECT
    count(*) AS segments,
    CASE WHEN count(*) > 0
        THEN greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - min(f.modification))) END::float8 AS oldest_age_s
FROM pg_catalog.pg_ls_archive_statusdir() f
WHERE f.name LIKE '%.ready'
