-- record: SearchSetting
-- interval: on demand
-- The planner's settings that decide between an index and a sort, and the memory for a build.
SELECT s.name, s.setting, s.boot_val AS default_setting, s.source, s.unit, s.min_val AS lowest, s.max_val AS highest
FROM pg_catalog.pg_settings s
WHERE s.name IN (
    'enable_indexscan', 'enable_seqscan', 'enable_sort', 'random_page_cost', 'seq_page_cost', 'work_mem',
    'plan_cache_mode', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'min_parallel_table_scan_size',
    'block_size'
)
ORDER BY s.name
