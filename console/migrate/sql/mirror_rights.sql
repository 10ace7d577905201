-- record: MirrorRights
-- interval: on demand
-- Whether this role may write another tool's ledger.
SELECT pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
    AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AS may_write
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
