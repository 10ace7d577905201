-- record: RowTotals
-- interval: 5 min
-- How many rows all tables of this database have, live ones and dead ones.
SELECT
    coalesce(sum(t.n_dead_tup), 0)::int8 AS dead_rows,
    coalesce(sum(t.n_live_tup), 0)::int8 AS live_rows
FROM pg_catalog.pg_stat_all_tables t
