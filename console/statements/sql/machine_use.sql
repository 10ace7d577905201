-- record: MachineUse
-- needs: extension pg_stat_kcache 2.2
-- interval: on demand
-- What the system has counted of some statements' executions: processor time, and bytes that really came from the disk
-- or went there. One row; NULLs where the extension has none of them.
SELECT
    sum(k.exec_user_time + k.exec_system_time) * 1000 AS cpu_ms,
    sum(k.exec_system_time) * 1000 AS system_ms,
    sum(k.exec_reads)::int8 AS read_bytes,
    sum(k.exec_writes)::int8 AS written_bytes
FROM :"pg_stat_kcache".pg_stat_kcache() k
WHERE (k.userid, k.dbid, k.top, k.queryid) IN (
    SELECT u, d, t, q
    FROM ROWS FROM (
        pg_catalog.unnest(%(user_ids)s::oid[]),
        pg_catalog.unnest(%(database_ids)s::oid[]),
        pg_catalog.unnest(%(top_levels)s::bool[]),
        pg_catalog.unnest(%(query_ids)s::int8[])
    ) AS wanted (u, d, t, q)
)
