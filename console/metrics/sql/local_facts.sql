-- record: LocalFacts
-- interval: 30 s
-- What proves, held against this machine's own processes, that the server runs here.
SELECT
    pg_catalog.pg_backend_pid() AS backend_pid,
    (SELECT a.backend_start FROM pg_catalog.pg_stat_activity a WHERE a.pid = pg_catalog.pg_backend_pid())
        AS backend_started_at,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    pg_catalog.host(pg_catalog.inet_server_addr()) AS server_address,
    pg_catalog.host(pg_catalog.inet_client_addr()) AS client_address,
    CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')
        THEN pg_catalog.current_setting('data_directory') END AS data_directory
