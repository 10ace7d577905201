-- record: SessionWork
-- interval: on demand
-- What a session has read, written and put into the WAL since it began (from 18 on). The server adds it up at the end of
-- each transaction. No row for another session with the same pid, and all NULL for processes that aren't counted
-- (checkpointer, background writer, startup process, autovacuum launcher).
SELECT
    o.read_bytes,
    o.read_ms,
    o.write_bytes,
    o.write_ms,
    o.hits,
    o.reads,
    w.wal_bytes::int8 AS wal_bytes,
    w.wal_records,
    w.wal_fpi AS full_page_images,
    pg_catalog.current_setting('track_io_timing')::bool AS is_timed
FROM pg_catalog.pg_stat_activity a
CROSS JOIN LATERAL (
    SELECT
        sum(i.read_bytes)::int8 AS read_bytes,
        sum(i.read_time)::float8 AS read_ms,
        (coalesce(sum(i.write_bytes), 0) + sum(i.extend_bytes))::int8 AS write_bytes,
        (coalesce(sum(i.write_time), 0) + sum(i.extend_time))::float8 AS write_ms,
        sum(i.hits)::int8 AS hits,
        sum(i.reads)::int8 AS reads
    FROM pg_catalog.pg_stat_get_backend_io(a.pid) i
    WHERE i.object <> 'wal'
) o
LEFT JOIN LATERAL pg_catalog.pg_stat_get_backend_wal(a.pid) w ON true
WHERE a.pid = %(pid)s AND a.backend_start IS NOT DISTINCT FROM %(backend_start)s
