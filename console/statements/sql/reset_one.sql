-- record: WasReset
-- needs: extension pg_stat_statements 1.9
-- interval: on demand
-- Forgets the counters of one statement; it has no NULL query_id, which the function would take for all.
SELECT :"pg_stat_statements".pg_stat_statements_reset(
    %(user_id)s::oid, %(database_id)s::oid, %(query_id)s::int8)::text IS NOT NULL AS is_done
WHERE %(user_id)s::int8 <> 0 AND %(database_id)s::int8 <> 0 AND %(query_id)s::int8 <> 0
