-- record: SessionText
-- interval: on demand
-- What a session runs, or ran last, in full; text_bytes is how much of it the server keeps.
SELECT
    a.query,
    a.query_id,
    pg_catalog.octet_length(a.query)
        >= pg_catalog.pg_size_bytes(pg_catalog.current_setting('track_activity_query_size')) - 4 AS is_cut
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = %(pid)s AND a.backend_start IS NOT DISTINCT FROM %(backend_start)s
