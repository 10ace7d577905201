-- record: VectorRelationFacts
-- interval: on demand
-- What the planner and the vacuum know of a table with vectors. Pages are of 8 KiB, those of pg_class, so as of the
-- last VACUUM or ANALYZE. The three counters at the end tell whether anything was written since they were last read.
SELECT
    c.oid::bigint AS oid,
    c.relkind::text AS relkind,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    c.relpages AS heap_pages,
    coalesce(tc.relpages, 0) AS toast_pages,
    c.relrowsecurity AS has_row_security,
    'security_barrier=true' = ANY (coalesce(c.reloptions, '{}')) AS is_security_barrier,
    (SELECT o.option_value::int FROM pg_catalog.pg_options_to_table(c.reloptions) o
     WHERE o.option_name = 'parallel_workers') AS parallel_workers,
    greatest(s.last_analyze, s.last_autoanalyze) AS analyzed_at,
    s.n_mod_since_analyze AS modified_since_analyze,
    s.n_live_tup AS live_rows,
    s.n_dead_tup AS dead_rows,
    st.null_frac::float8 AS null_fraction,
    st.avg_width AS average_bytes,
    s.n_tup_ins AS inserted,
    s.n_tup_upd AS updated,
    s.n_tup_del AS deleted
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
LEFT JOIN pg_catalog.pg_stats st ON st.schemaname = n.nspname AND st.tablename = c.relname AND NOT st.inherited
    AND st.attname = (SELECT a.attname FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum = %(position)s::int)
WHERE c.oid = %(relation)s::oid
