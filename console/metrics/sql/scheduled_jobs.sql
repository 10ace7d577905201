-- record: ScheduledJob
-- needs: extension pg_cron 1.4
-- interval: 30 s
-- pg_cron's active jobs that this role may see, and how the last run of each has ended, failed ones first. Of the log,
-- which nobody shortens by himself, the last 10,000 runs: its only index is that of their numbers. Row level security
-- shows a role its own jobs alone.
WITH runs AS MATERIALIZED (
    SELECT d.jobid, d.runid, d.status, d.return_message, d.end_time
    FROM cron.job_run_details d
    WHERE d.runid > (SELECT max(l.runid) - 10000 FROM cron.job_run_details l) AND d.status IN ('succeeded', 'failed')
)
SELECT
    coalesce(j.jobname, 'job ' || j.jobid) AS name,
    j.database,
    r.return_message AS message,
    pg_catalog.date_part('epoch', pg_catalog.now() - r.end_time) AS ended_s_ago,
    count(*) OVER () AS jobs,
    count(*) FILTER (WHERE r.status = 'failed') OVER () AS failed,
    count(r.runid) OVER () AS recorded,
    pg_catalog.row_security_active('cron.job'::regclass) AS is_own_only
FROM cron.job j
LEFT JOIN LATERAL (
    SELECT s.runid, s.status, s.return_message, s.end_time FROM runs s WHERE s.jobid = j.jobid ORDER BY s.runid DESC LIMIT 1
) r ON true
WHERE j.active
ORDER BY (r.status = 'failed') DESC NULLS LAST, r.end_time DESC NULLS LAST, j.jobid
LIMIT 20
