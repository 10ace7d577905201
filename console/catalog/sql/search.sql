-- record: NameMatch
-- interval: on demand
-- Objects whose name holds the text anywhere, whatever its case; with a dot in the text, schema.name is looked at.
-- The whole name first, then names that begin with it, then the shorter. No LIKE: nothing in the text is a wildcard.
WITH wanted AS (
    SELECT pg_catalog.lower(%(text)s::text) AS text, pg_catalog.strpos(%(text)s::text, '.') > 0 AS is_qualified
), named AS (
    SELECT 'schema' AS kind, n.oid, n.oid AS namespace, n.nspname AS name
    FROM pg_catalog.pg_namespace n
    UNION ALL
    SELECT
        CASE
            WHEN c.relispartition THEN 'partition'
            WHEN c.relkind IN ('r', 'p') THEN 'table'
            WHEN c.relkind = 'v' THEN 'view'
            WHEN c.relkind = 'm' THEN 'materialized view'
            WHEN c.relkind = 'f' THEN 'foreign table'
            WHEN c.relkind = 'S' THEN 'sequence'
            ELSE 'index'
        END,
        c.oid, c.relnamespace, c.relname
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I')
    UNION ALL
    SELECT
        CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        p.oid, p.pronamespace, p.proname
    FROM pg_catalog.pg_proc p
    WHERE NOT EXISTS (  -- a range type makes its constructors itself
        SELECT FROM pg_catalog.pg_depend i
        WHERE i.classid = 'pg_catalog.pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'
            AND i.refclassid = 'pg_catalog.pg_type'::regclass
    )
    UNION ALL
    SELECT 'type', t.oid, t.typnamespace, t.typname
    FROM pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c' OR NOT t.typisdefined)
        AND NOT (t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc)
), matched AS (
    SELECT
        o.kind, o.oid, o.namespace, n.nspname AS schema, o.name,
        CASE
            WHEN pg_catalog.lower(s.name) = w.text THEN 0
            WHEN pg_catalog.starts_with(pg_catalog.lower(s.name), w.text) THEN 1
            ELSE 2
        END AS rank
    FROM named o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
    CROSS JOIN wanted w
    CROSS JOIN LATERAL (
        SELECT CASE WHEN w.is_qualified THEN n.nspname || '.' || o.name ELSE o.name::text END AS name
    ) s
    WHERE pg_catalog.strpos(pg_catalog.lower(s.name), w.text) > 0
        AND (
            %(system)s::bool OR NOT (n.nspname ~ '^pg_' OR n.nspname = 'information_schema')
        )
    ORDER BY rank, (o.kind = 'index'), pg_catalog.length(o.name::text), o.name, n.nspname, o.oid
    LIMIT %(page_size)s::int
)
SELECT
    m.kind,
    m.oid,
    m.namespace AS schema_oid,
    m.schema::text AS schema,
    m.name::text AS name,
    CASE WHEN m.kind IN ('function', 'procedure', 'aggregate')
        THEN pg_catalog.pg_get_function_identity_arguments(m.oid) END AS arguments,
    CASE
        WHEN m.kind = 'index' THEN (SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = m.oid)
        WHEN m.kind = 'partition' THEN (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = m.oid)
    END AS parent_oid,
    m.rank::int AS rank
FROM matched m
ORDER BY m.rank, (m.kind = 'index'), pg_catalog.length(m.name::text), m.name, m.schema, m.oid
