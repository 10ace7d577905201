-- record: WasReset
-- needs: extension pg_stat_statements 1.9
-- interval: on demand
-- Forgets the counters of every statement of every database.
SELECT :"pg_stat_statements".pg_stat_statements_reset()::text IS NOT NULL AS is_done
