-- record: Trigger
-- interval: on demand
SELECT
    t.oid,
    t.tgname::text AS name,
    pg_catalog.pg_get_triggerdef(t.oid) AS definition,
    t.tgenabled::text AS state,
    t.tgparentid <> 0 AS is_inherited,
    t.tgfoid::regprocedure::text AS function,
    ARRAY(
        SELECT x.extname::text
        FROM pg_catalog.pg_depend dx
        JOIN pg_catalog.pg_extension x ON x.oid = dx.refobjid
        WHERE dx.classid = 'pg_catalog.pg_trigger'::regclass AND dx.objid = t.oid AND dx.deptype = 'x'
            AND dx.refclassid = 'pg_catalog.pg_extension'::regclass
        ORDER BY 1
    ) AS needed_extensions,
    pg_catalog.obj_description(t.oid, 'pg_trigger') AS comment
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = %(oid)s::oid AND NOT t.tgisinternal
ORDER BY t.tgname
