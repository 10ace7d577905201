-- record: LedgerCandidate
-- interval: 5 min
-- Tables that could be another framework's ledger or its lock table: by a telling name, or by a column that hardly
-- any other table has. Which framework it is, if any, the whole column set decides afterwards (specs.py).
-- The name alone is matched in pg_class and the columns in one pass over pg_attribute: 50,000 tables take about 0.3 s.
WITH candidate AS MATERIALIZED (
    SELECT c.oid
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'p')
        AND c.relname ~* 'mig|version|history|ledger|revision|changelog|sequelize|umzug|yoyo|ar_internal_metadata|^(db|goose)_lock$'
    UNION
    SELECT a.attrelid
    FROM pg_catalog.pg_attribute a
    WHERE a.attnum > 0
        AND NOT a.attisdropped
        AND a.attname IN (
            'version_num', 'dirty', 'migration_id', 'MigrationId', 'installed_rank', 'applied_steps_count',
            'version_id', 'previous_hash', 'script_hash', 'operator_version', 'resulting_schema', 'migration_hash',
            'orderexecuted', 'migration', 'run_on', 'migration_time', 'execution_time'
        )
),
-- What a migration holds on its ledger: from having written to it up to ACCESS EXCLUSIVE. Autovacuum is none.
held AS MATERIALIZED (
    SELECT DISTINCT ON (h.relation) h.relation, h.pid, h.mode, s.application_name, s.xact_start
    FROM pg_catalog.pg_locks h
    LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = h.pid
    WHERE h.locktype = 'relation'
        AND h.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND h.granted
        AND h.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
        AND h.mode NOT IN ('AccessShareLock', 'RowShareLock')
        AND coalesce(s.backend_type, '') <> 'autovacuum worker'
    ORDER BY h.relation, h.mode = 'AccessExclusiveLock' DESC, s.xact_start
)
SELECT
    n.nspname::text AS "schema",
    c.relname::text AS "table",
    array_agg(a.attname::text ORDER BY a.attnum) AS columns,
    array_agg(pg_catalog.format_type(a.atttypid, NULL) ORDER BY a.attnum) AS types,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS rows_estimate,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_select,
    CASE
        WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            THEN pg_catalog.format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, CURRENT_USER)
        WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT')
            THEN pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, CURRENT_USER)
        ELSE pg_catalog.format('GRANT USAGE ON SCHEMA %1$I TO %3$I; GRANT SELECT ON %1$I.%2$I TO %3$I',
            n.nspname, c.relname, CURRENT_USER)
    END AS "grant",
    l.pid AS lock_pid,
    l.mode AS lock_mode,
    l.application_name AS lock_application,
    l.xact_start AS locked_at
FROM candidate k
JOIN pg_catalog.pg_class c ON c.oid = k.oid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
JOIN pg_catalog.pg_namespace n
    ON n.oid = c.relnamespace
    AND n.nspname NOT LIKE 'pg\_%'
    AND n.nspname NOT IN ('information_schema', 'dbconsole')
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN held l ON l.relation = c.oid
GROUP BY n.oid, n.nspname, c.oid, c.relname, c.reltuples, l.pid, l.mode, l.application_name, l.xact_start
HAVING count(*) <= 25
ORDER BY n.nspname, c.relname
