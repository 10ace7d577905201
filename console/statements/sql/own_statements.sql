-- record: Key
-- needs: extension pg_stat_statements 1.9
-- interval: on demand
-- The statements that consoles like this one ask by themselves, by the mark in their texts. It reads the server's whole
-- file of texts, so that it is asked for once there are statements that nobody has looked at yet, and not often.
SELECT
    s.userid AS user_id,
    s.dbid AS database_id,
    s.toplevel AS is_top_level,
    s.queryid AS query_id
FROM :"pg_stat_statements".pg_stat_statements(true) s
WHERE s.query LIKE '%/* dbconsole */%'
