-- record: TableFacts
-- interval: on demand
-- What is known of the tables that a plan reads: statistics, and the columns that their indexes begin with.
SELECT n.nspname AS schema,
       c.relname AS name,
       CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples::double precision END AS estimated_rows,
       c.relpages::bigint * 8192 AS heap_bytes,
       s.n_mod_since_analyze AS modified_rows,
       s.n_dead_tup AS dead_rows,
       GREATEST(s.last_analyze, s.last_autoanalyze) AS analyzed_at,
       GREATEST(s.last_vacuum, s.last_autovacuum) AS vacuumed_at,
       ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid)
             FROM pg_catalog.pg_index AS i
             WHERE i.indrelid = c.oid AND i.indisvalid
             ORDER BY i.indexrelid) AS indexes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
JOIN ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS wanted (schema, name)
  ON wanted.schema = n.nspname::text AND wanted.name = c.relname::text;
