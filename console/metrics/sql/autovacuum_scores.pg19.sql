-- record: AutovacuumScore
-- needs: view pg_stat_autovacuum_scores
-- interval: 30 s
-- How urgently autovacuum would come to each table, by the server's own account (from 19 on): the greatest of the parts
-- is the score, and do_vacuum and do_analyze say whether it would come at all.
SELECT
    s.relid AS oid,
    s.score,
    s.xid_score AS transaction_score,
    s.mxid_score AS multixact_score,
    s.vacuum_score AS dead_score,
    s.vacuum_insert_score AS insert_score,
    s.analyze_score,
    s.do_vacuum AS would_vacuum,
    s.do_analyze AS would_analyze,
    s.for_wraparound AS is_for_wraparound
FROM pg_catalog.pg_stat_autovacuum_scores s
ORDER BY s.score DESC
LIMIT 1000
