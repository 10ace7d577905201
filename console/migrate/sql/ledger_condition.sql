-- record: LedgerCondition
-- interval: on demand
-- Whether the ledger is there, in which format, and whether this role may write to it or make it. None: not there.
SELECT
    pg_catalog.to_regnamespace('dbconsole') IS NOT NULL AS schema_exists,
    t.oid IS NOT NULL AS table_exists,
    pg_catalog.obj_description(t.oid, 'pg_class') AS comment,
    pg_catalog.has_table_privilege(t.oid, 'SELECT') AND pg_catalog.has_table_privilege(t.oid, 'INSERT')
        AND pg_catalog.has_table_privilege(t.oid, 'UPDATE') AND pg_catalog.has_table_privilege(t.oid, 'DELETE')
        AS may_write,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
    pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('dbconsole')::oid, 'CREATE') AS may_create_table
FROM (SELECT pg_catalog.to_regclass('dbconsole.migration')::oid AS oid) t
