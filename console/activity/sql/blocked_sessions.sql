-- record: BlockedSession
-- interval: tick
-- The 20 sessions that have waited longest for a heavyweight lock. Needs no privilege: pg_locks shows everybody's.
-- pg_blocking_pids() stops the lock manager for a moment, so only the five longest waiters are asked for; 0 stands for
-- a prepared transaction. waitstart is unset for an instant after the wait begins.
-- `waited_s` is of all that wait, also of those beyond the 20.
SELECT
    w.pid,
    w.wait_age_s,
    w.lock_type,
    w.mode,
    CASE WHEN w.place <= 5 THEN pg_catalog.pg_blocking_pids(w.pid) END AS blocked_by,
    w.blocked,
    w.waited_s
FROM (
    SELECT
        l.pid,
        greatest(0, extract(epoch FROM clock_timestamp() - min(l.waitstart)))::float8 AS wait_age_s,
        min(l.locktype) AS lock_type,
        min(l.mode) AS mode,
        count(*) OVER () AS blocked,
        sum(greatest(0, extract(epoch FROM clock_timestamp() - min(l.waitstart)))) OVER ()::float8 AS waited_s,
        row_number() OVER (ORDER BY min(l.waitstart) NULLS LAST) AS place
    FROM pg_catalog.pg_locks l
    WHERE NOT l.granted AND l.pid IS NOT NULL
    GROUP BY l.pid
) w
WHERE w.place <= 20
ORDER BY w.place
