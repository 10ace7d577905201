-- record: ExtensionRow
-- interval: on demand
SELECT x.extname::text AS name, n.nspname::text AS schema
FROM pg_catalog.pg_extension AS x
JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace
WHERE x.extname <> 'plpgsql'
ORDER BY 1
