-- record: DatabaseCounters
-- interval: tick
-- Columns that came with 18 are asked for by their names.
SELECT
    d.xact_commit AS commits,
    d.xact_rollback AS rollbacks,
    d.blks_read AS blocks_read,
    d.blks_hit AS blocks_hit,
    d.tup_returned AS rows_returned,
    d.tup_fetched AS rows_fetched,
    d.tup_inserted AS rows_inserted,
    d.tup_updated AS rows_updated,
    d.tup_deleted AS rows_deleted,
    d.temp_files,
    d.temp_bytes,
    d.deadlocks,
    d.conflicts,
    d.sessions AS sessions_opened,
    d.blk_read_time AS block_read_ms,
    d.blk_write_time AS block_write_ms,
    d.stats_reset,
    d.checksum_failures,
    (pg_catalog.to_jsonb(d) ->> 'parallel_workers_to_launch')::int8 AS parallel_workers_planned,
    (pg_catalog.to_jsonb(d) ->> 'parallel_workers_launched')::int8 AS parallel_workers_launched
FROM pg_catalog.pg_stat_database d
WHERE d.datname = pg_catalog.current_database()
