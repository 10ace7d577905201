-- record: CommandProgress
-- interval: tick
-- Base backups (pg_stat_progress_basebackup). Without an estimate (pg_basebackup --no-estimate-size) there is no total.
SELECT
    p.pid,
    a.backend_start,
    CASE pg_catalog.to_jsonb(p) ->> 'backup_type' WHEN 'incremental' THEN 'incremental backup' ELSE 'base backup' END
        AS command,
    NULL::text AS database,
    coalesce(pg_catalog.host(a.client_addr), 'local') AS relation,
    p.phase,
    p.backup_streamed AS done,
    nullif(p.backup_total, 0) AS total,
    'bytes' AS unit,
    'tablespace ' || least(p.tablespaces_streamed + 1, p.tablespaces_total) || ' of ' || p.tablespaces_total AS detail,
    CASE WHEN a.backend_start IS NOT NULL
        THEN greatest(0, extract(epoch FROM clock_timestamp() - a.backend_start)) END::float8 AS elapsed_s
FROM pg_catalog.pg_stat_progress_basebackup p
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
