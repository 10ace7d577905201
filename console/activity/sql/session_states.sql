-- record: SessionState
-- interval: on demand
-- How some sessions are now; one that is missing, or began at another time, is gone.
SELECT a.pid, a.backend_start, a.state, a.query_start, a.wait_event_type, a.wait_event
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = ANY (%(pids)s::int[])
