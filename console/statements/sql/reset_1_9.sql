-- record: WasReset
-- needs: extension pg_stat_statements 1.9-1.10
-- interval: on demand
-- Forgets the counters of one statement, or with `is_all` and three times 0 those of every statement of every database.
-- One without a query_id can't be named: the function would take its 0 for all.
SELECT :"pg_stat_statements".pg_stat_statements_reset(
    %(user_id)s::oid, %(database_id)s::oid, %(query_id)s::int8)::text IS NOT NULL AS is_done
WHERE %(is_all)s::bool
    OR %(user_id)s::int8 <> 0 AND %(database_id)s::int8 <> 0 AND %(query_id)s::int8 <> 0
