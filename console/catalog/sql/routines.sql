-- record: Routine
-- interval: on demand
-- One page of a schema's functions, procedures or aggregates (prokind letters), by name; members of extensions are
-- under the extension.
SELECT
    p.oid,
    n.nspname::text AS schema,
    p.proname::text AS name,
    p.prokind::text AS prokind,
    pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
    pg_catalog.pg_get_function_result(p.oid) AS result,
    l.lanname::text AS language
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = %(schema)s::oid
    AND p.prokind = ANY (%(prokinds)s::text[])
    AND (p.proname, p.oid) > (%(after_name)s::name, %(after_oid)s::oid)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
    AND NOT EXISTS (  -- a range type makes its constructors itself
        SELECT FROM pg_catalog.pg_depend i
        WHERE i.classid = 'pg_catalog.pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'
            AND i.refclassid = 'pg_catalog.pg_type'::regclass
    )
ORDER BY p.proname, p.oid
LIMIT %(page_size)s::int
