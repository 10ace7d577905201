-- record: SlruCounters
-- interval: tick
SELECT
    s.name::text AS name,
    s.blks_hit AS blocks_hit,
    s.blks_read AS blocks_read,
    s.blks_written AS blocks_written,
    s.blks_zeroed AS blocks_zeroed,
    s.flushes,
    s.truncates,
    s.stats_reset
FROM pg_catalog.pg_stat_slru s
