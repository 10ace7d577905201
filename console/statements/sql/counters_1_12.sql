-- record: StatementEntry
-- needs: extension pg_stat_statements 1.12
-- interval: tick
-- Every entry of pg_stat_statements without its text: the view would read the whole text file, the function doesn't.
-- The counters come as one text in the order of counters.NAMES, which costs the server no more than columns do, and
-- the client next to nothing for an entry that has not changed. nan: this version doesn't say.
SELECT
    s.userid AS user_id,
    s.dbid AS database_id,
    s.toplevel AS is_top_level,
    s.queryid AS query_id,
    pg_catalog.concat_ws(
        ' ',
        s.calls, s.total_exec_time, s.stddev_exec_time, s.rows,
        s.shared_blks_hit, s.shared_blks_read, s.shared_blks_dirtied, s.shared_blks_written,
        s.local_blks_hit, s.local_blks_read, s.local_blks_dirtied, s.local_blks_written,
        s.temp_blks_read, s.temp_blks_written,
        s.shared_blk_read_time, s.shared_blk_write_time,
        s.local_blk_read_time + s.temp_blk_read_time, s.local_blk_write_time + s.temp_blk_write_time,
        s.wal_records, s.wal_fpi, s.wal_bytes, s.wal_buffers_full,
        s.plans, s.total_plan_time, s.stddev_plan_time,
        s.jit_functions,
        s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time
        + s.jit_deform_time,
        s.parallel_workers_launched, 'nan', 'nan',
        s.min_exec_time, s.max_exec_time, s.min_plan_time, s.max_plan_time,
        pg_catalog.date_part('epoch', s.stats_since)
    ) AS counters
FROM :"pg_stat_statements".pg_stat_statements(false) s
