-- record: DdlObject
-- interval: on demand
-- Every object of the schemas that are people's own, whose DDL is written one by one: not what extensions brought, nor
-- what comes with another object (row types, arrays, multiranges, the constructors of range types). Of these schemas
-- alone, unless that is NULL.
WITH named AS (
    SELECT
        'pg_class' AS catalog,
        c.oid,
        CASE
            WHEN c.relispartition THEN 'partition'
            WHEN c.relkind = 'v' THEN 'view'
            WHEN c.relkind = 'm' THEN 'materialized view'
            WHEN c.relkind = 'f' THEN 'foreign table'
            WHEN c.relkind = 'S' THEN 'sequence'
            ELSE 'table'
        END AS kind,
        c.relnamespace AS namespace,
        c.relname AS name,
        NULL AS arguments
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (  -- an identity's sequence comes with its column
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S' AND d.deptype = 'i'
    )
    UNION ALL
    SELECT
        'pg_proc', p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        p.pronamespace, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)
    FROM pg_catalog.pg_proc p
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i'
            AND d.refclassid = 'pg_catalog.pg_type'::regclass
    )
    UNION ALL
    SELECT 'pg_type', t.oid, 'type', t.typnamespace, t.typname, NULL
    FROM pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c' OR NOT t.typisdefined)
        AND NOT (t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc)
)
SELECT
    o.catalog,
    o.oid,
    o.kind,
    n.nspname::text AS schema,
    o.name::text AS name,
    o.arguments
FROM named o
JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
WHERE o.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp)' AND n.nspname <> 'information_schema'
    AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s::text[]))
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = ('pg_catalog.' || o.catalog)::regclass AND e.objid = o.oid AND e.deptype = 'e'
    )
ORDER BY n.nspname, o.kind, o.name, o.arguments
