-- record: RecoveryState
-- needs: view pg_stat_recovery; role pg_read_all_stats; standby
-- interval: tick
-- What the startup process of a standby is doing (from 19 on).
SELECT
    r.pause_state,
    r.promote_triggered AS is_promoting,
    r.last_replayed_tli AS timeline,
    CASE WHEN r.current_chunk_start_time IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - r.current_chunk_start_time)) END::float8 AS chunk_age_s
FROM pg_catalog.pg_stat_recovery r
