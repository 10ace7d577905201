-- record: Type
-- interval: on demand
-- One page of a schema's types, by name: not the row types of relations, nor the arrays and multiranges that come
-- with a type; members of extensions are under the extension.
SELECT
    t.oid,
    n.nspname::text AS schema,
    t.typname::text AS name,
    t.typtype::text AS typtype
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typnamespace = %(schema)s::oid
    AND (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c' OR NOT t.typisdefined)
    AND NOT (t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc)
    AND (t.typname, t.oid) > (%(after_name)s::name, %(after_oid)s::oid)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
    )
ORDER BY t.typname, t.oid
LIMIT %(page_size)s::int
