-- record: Member
-- interval: on demand
-- One page of what belongs to extensions: all of one extension (schema NULL), or of all in one schema.
SELECT
    d.objid AS oid,
    i.type AS kind,
    i.schema AS schema,
    i.identity AS name,
    e.extname::text AS extension
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::regclass AND t.oid = d.objid
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass
    AND d.deptype = 'e'
    AND (%(extension)s::oid IS NULL OR d.refobjid = %(extension)s::oid)
    AND (%(schema)s::oid IS NULL OR %(schema)s::oid IN (c.relnamespace, p.pronamespace, t.typnamespace))
    AND (i.identity, d.objid) > (%(after_name)s::text COLLATE "C", %(after_oid)s::oid)
ORDER BY i.identity COLLATE "C", d.objid
LIMIT %(page_size)s::int
