-- record: InstalledExtension
-- interval: on demand
SELECT
    e.oid,
    e.extname::text AS name,
    e.extversion AS version,
    a.default_version AS available_version,
    n.nspname::text AS schema,
    pg_catalog.pg_get_userbyid(e.extowner)::text AS owner,
    e.extrelocatable AS is_relocatable,
    coalesce(pg_catalog.obj_description(e.oid, 'pg_extension'), a.comment) AS comment,
    pg_catalog.obj_description(e.oid, 'pg_extension') IS DISTINCT FROM a.comment AS has_own_comment,
    (
        SELECT count(*) FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
    ) AS members
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions() a ON a.name = e.extname
ORDER BY e.extname
