-- record: TableStatistics
-- interval: 30 s
-- The counters of pg_stat_all_tables for one table; of the pages, those that VACUUM and ANALYZE last counted.
SELECT
    s.relid AS oid,
    s.n_live_tup AS live_rows,
    s.n_dead_tup AS dead_rows,
    s.n_mod_since_analyze AS rows_since_analyze,
    s.n_ins_since_vacuum AS inserts_since_vacuum,
    s.n_tup_ins AS inserted,
    s.n_tup_upd AS updated,
    s.n_tup_hot_upd AS hot_updated,
    s.n_tup_del AS deleted,
    s.seq_scan AS seq_scans,
    s.seq_tup_read AS seq_rows_read,
    s.idx_scan AS index_scans,
    s.idx_tup_fetch AS index_rows_fetched,
    s.last_vacuum,
    s.last_autovacuum,
    s.last_analyze,
    s.last_autoanalyze,
    s.vacuum_count,
    s.autovacuum_count,
    s.analyze_count,
    s.autoanalyze_count,
    pg_catalog.age(c.relfrozenxid)::int AS transaction_age,
    c.relpages AS pages,
    c.relallvisible AS all_visible_pages
FROM pg_catalog.pg_stat_all_tables s
JOIN pg_catalog.pg_class c ON c.oid = s.relid
WHERE s.relid = %(oid)s::oid
