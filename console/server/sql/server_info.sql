-- record: ServerRow
-- interval: on demand
-- One row. Nothing here needs a privilege; what a role may not read is asked through a check of that privilege, and a
-- function that it may not call by a query in a query (ts_stat), as the right to one is wanted before anything runs.
SELECT
    pg_catalog.current_setting('server_version_num')::int AS version_num,
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_database()::text AS database,
    CURRENT_USER::text AS "user",
    pg_catalog.quote_ident(CURRENT_USER) AS quoted_user,
    (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER) AS is_superuser,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    pg_catalog.current_setting('default_transaction_read_only')::bool AS is_read_only,
    pg_catalog.current_setting('server_encoding') AS server_encoding,
    pg_catalog.pg_backend_pid() AS backend_pid,
    pg_catalog.current_setting('max_connections')::int AS max_connections,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
        THEN (
            SELECT s.word
            FROM pg_catalog.ts_stat('SELECT pg_catalog.array_to_tsvector(ARRAY[c.system_identifier::text])
                FROM pg_catalog.pg_control_system() c') s
        ) END AS system_identifier,
    ARRAY(
        SELECT r.rolname::text
        FROM pg_catalog.pg_roles r
        WHERE pg_catalog.pg_has_role(r.oid, 'USAGE') AND r.rolname LIKE 'pg\_%'
    ) AS memberships,
    ARRAY(
        SELECT c.relname::text
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'pg\_stat\_%'
    ) AS views,
    ARRAY(
        SELECT ARRAY[e.extname::text, e.extversion, n.nspname::text, a.default_version]
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        LEFT JOIN pg_catalog.pg_available_extensions() a ON a.name = e.extname
    ) AS extensions,
    own.search_path,
    own.has_plan_advice,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'dbconsole' AND c.relname = 'migration'
    ) AS ledger_exists,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'dbconsole' AND c.relname = 'migration'
            AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    ) AS ledger_is_readable,
    a.sslversion AS tls_protocol,
    a.sslcipher AS tls_cipher,
    a.ssl_client_dn AS client_certificate,
    a.gss_enc AS is_gss
FROM (
    SELECT
        max(s.reset_val) FILTER (WHERE s.name = 'search_path') AS search_path,
        count(*) FILTER (WHERE s.name = 'pg_plan_advice.advice') > 0 AS has_plan_advice
    FROM pg_catalog.pg_settings s
) own
LEFT JOIN pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a ON true
