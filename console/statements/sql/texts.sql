-- record: StatementText
-- needs: extension pg_stat_statements 1.9
-- interval: on demand
-- The first characters of some statements' texts. Asking for one reads the server's whole file of texts, so that it is
-- asked for what is on the screen and not known yet.
SELECT
    s.userid AS user_id,
    s.dbid AS database_id,
    s.toplevel AS is_top_level,
    s.queryid AS query_id,
    pg_catalog.left(s.query, %(characters)s::int) AS text,
    pg_catalog.length(s.query) AS characters
FROM :"pg_stat_statements".pg_stat_statements(true) s
WHERE (s.userid, s.dbid, s.toplevel, s.queryid) IN (
    SELECT u, d, t, q
    FROM ROWS FROM (
        pg_catalog.unnest(%(user_ids)s::oid[]),
        pg_catalog.unnest(%(database_ids)s::oid[]),
        pg_catalog.unnest(%(top_levels)s::bool[]),
        pg_catalog.unnest(%(query_ids)s::int8[])
    ) AS wanted (u, d, t, q)
)
