-- record: LockWaits
-- needs: view pg_stat_lock
-- interval: tick
-- Which kinds of locks were waited for longer than deadlock_timeout and then got, and how often one went past the fast
-- path because its slots were full (max_locks_per_transaction); from 19 on.
SELECT
    l.locktype AS lock_type,
    l.waits,
    l.wait_time::float8 AS wait_ms,
    l.fastpath_exceeded AS beyond_fast_path,
    CASE WHEN l.stats_reset IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - l.stats_reset)) END::float8 AS counted_s
FROM pg_catalog.pg_stat_lock l
WHERE l.waits > 0 OR l.fastpath_exceeded > 0
ORDER BY l.wait_time DESC
