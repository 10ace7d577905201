-- record: SessionIo
-- needs: role pg_read_all_stats
-- interval: on demand
-- What a session has under way of asynchronous I/O at this moment, by kind and state (pg_aios). `target` is one of them.
SELECT
    i.operation,
    i.state,
    count(*) AS ios,
    sum(i.length)::int8 AS bytes,
    min(i.target_desc) AS target
FROM pg_catalog.pg_aios i
WHERE i.pid = %(pid)s AND i.state <> 'HANDED_OUT'
GROUP BY i.operation, i.state
ORDER BY i.operation, i.state
