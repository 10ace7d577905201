-- record: LedgerTables
-- interval: on demand
-- Which tables that not every ledger has are there, and whether this role may make them.
SELECT pg_catalog.to_regclass('dbconsole.repeatable') IS NOT NULL AS repeatable,
    pg_catalog.to_regclass('dbconsole.batch_progress') IS NOT NULL AS batch_progress,
    pg_catalog.to_regclass('dbconsole.mirror') IS NOT NULL AS mirror,
    coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('dbconsole')::oid, 'CREATE'), false)
        AS may_create_table
