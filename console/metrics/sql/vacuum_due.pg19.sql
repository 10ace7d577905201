-- record: VacuumDue
-- needs: view pg_stat_autovacuum_scores
-- interval: 5 min
-- How many tables autovacuum would come for, as the server itself says from 19 on.
SELECT
    count(*) FILTER (WHERE s.do_vacuum) AS tables,
    coalesce(sum(t.n_dead_tup), 0)::int8 AS dead_rows,
    coalesce(sum(t.n_live_tup), 0)::int8 AS live_rows
FROM pg_catalog.pg_stat_all_tables t
LEFT JOIN pg_catalog.pg_stat_autovacuum_scores s ON s.relid = t.relid
