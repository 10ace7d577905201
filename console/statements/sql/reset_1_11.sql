-- record: WasReset
-- needs: extension pg_stat_statements 1.11
-- interval: on demand
-- As reset_1_9.sql; the fourth argument spares nothing: with true, all but the extremes would stay.
SELECT :"pg_stat_statements".pg_stat_statements_reset(
    %(user_id)s::oid, %(database_id)s::oid, %(query_id)s::int8, false)::text IS NOT NULL AS is_done
WHERE %(is_all)s::bool
    OR %(user_id)s::int8 <> 0 AND %(database_id)s::int8 <> 0 AND %(query_id)s::int8 <> 0
