-- record: BuildRow
-- interval: tick
-- The index build of backend `pid`, if it is in one. Tuples where the phase counts them, else blocks, else lockers.
SELECT
    p.phase,
    CASE WHEN p.tuples_total > 0 THEN p.tuples_done WHEN p.blocks_total > 0 THEN p.blocks_done
        ELSE p.lockers_done END AS done,
    CASE WHEN p.tuples_total > 0 THEN p.tuples_total WHEN p.blocks_total > 0 THEN p.blocks_total
        ELSE p.lockers_total END AS total,
    CASE WHEN p.tuples_total > 0 THEN 'rows' WHEN p.blocks_total > 0 THEN 'blocks' ELSE 'sessions waited for' END
        AS unit
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.pid = %(pid)s
