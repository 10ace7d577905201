-- record: Schema
-- interval: on demand
-- Every schema with the number of its objects by kind: one pass over pg_class, pg_proc and pg_type.
-- Members of extensions are counted apart, partitions apart from tables.
WITH members AS MATERIALIZED (
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
), relations AS (
    SELECT
        c.relnamespace AS namespace,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relkind IN ('r', 'p') AND NOT c.relispartition) AS tables,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relispartition) AS partitions,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relkind = 'v') AS views,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relkind = 'm') AS materialized_views,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relkind = 'f' AND NOT c.relispartition) AS foreign_tables,
        count(*) FILTER (WHERE m.objid IS NULL AND c.relkind = 'S') AS sequences,
        count(m.objid) AS members
    FROM pg_catalog.pg_class c
    LEFT JOIN members m ON m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    GROUP BY c.relnamespace
), routines AS (
    SELECT
        p.pronamespace AS namespace,
        count(*) FILTER (WHERE m.objid IS NULL AND p.prokind IN ('f', 'w')) AS functions,
        count(*) FILTER (WHERE m.objid IS NULL AND p.prokind = 'p') AS procedures,
        count(*) FILTER (WHERE m.objid IS NULL AND p.prokind = 'a') AS aggregates,
        count(m.objid) AS members
    FROM pg_catalog.pg_proc p
    LEFT JOIN members m ON m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid
    WHERE NOT EXISTS (  -- a range type makes its constructors itself
        SELECT FROM pg_catalog.pg_depend i
        WHERE i.classid = 'pg_catalog.pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'
            AND i.refclassid = 'pg_catalog.pg_type'::regclass
    )
    GROUP BY p.pronamespace
), types AS (
    SELECT
        t.typnamespace AS namespace,
        count(*) FILTER (WHERE m.objid IS NULL) AS types,
        count(m.objid) AS members
    FROM pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    LEFT JOIN members m ON m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid
    WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c' OR NOT t.typisdefined)
        AND NOT (t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc)
    GROUP BY t.typnamespace
)
SELECT
    n.oid,
    n.nspname::text AS name,
    pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
    pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment,
    e.extname::text AS extension,
    n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS is_system,
    coalesce(r.tables, 0) AS tables,
    coalesce(r.partitions, 0) AS partitions,
    coalesce(r.views, 0) AS views,
    coalesce(r.materialized_views, 0) AS materialized_views,
    coalesce(r.foreign_tables, 0) AS foreign_tables,
    coalesce(r.sequences, 0) AS sequences,
    coalesce(f.functions, 0) AS functions,
    coalesce(f.procedures, 0) AS procedures,
    coalesce(f.aggregates, 0) AS aggregates,
    coalesce(t.types, 0) AS types,
    coalesce(r.members, 0) + coalesce(f.members, 0) + coalesce(t.members, 0) AS extension_members
FROM pg_catalog.pg_namespace n
LEFT JOIN relations r ON r.namespace = n.oid
LEFT JOIN routines f ON f.namespace = n.oid
LEFT JOIN types t ON t.namespace = n.oid
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
ORDER BY n.nspname
