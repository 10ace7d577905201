-- record: Signalled
-- interval: on demand
-- Cancels what a session runs, only where pid and backend_start are still the same; no row: that session is gone.
SELECT pg_catalog.pg_cancel_backend(a.pid) AS was_sent, a.state
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = %(pid)s AND a.backend_start = %(backend_start)s
