-- record: ShownColumn
-- interval: on demand
-- The columns of a relation that the role may read, in order; `sort` says what a long value of them costs to show. Values
-- of an extension's type (a domain's base) are compared by the extension's operators, if it has an = for them: where
-- others stand beside those, only theirs are of exactly this type.
SELECT
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, -1) AS type,
    pg_catalog.format('%%I.%%I', pn.nspname, p.typname) AS parameter_type,
    CASE
        WHEN t.typname IN ('vector', 'halfvec', 'sparsevec')
            AND t.typnamespace = (SELECT x.extnamespace FROM pg_catalog.pg_extension x WHERE x.extname = 'vector')
            THEN 'vector'
        WHEN t.typlen > 0 OR t.typname IN ('numeric', 'inet', 'cidr', 'bit') THEN 'fixed'
        WHEN t.oid = 'pg_catalog.bytea'::regtype THEN 'bytea'
        WHEN t.typcategory = 'S' THEN 'text'
        ELSE 'other'
    END AS sort,
    coalesce(e.schema, 'pg_catalog') AS operator_schema,
    w.avg_width AS average_bytes
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN LATERAL (
    SELECT n.nspname::text AS schema, q.oprleft AS type
    FROM pg_catalog.pg_operator q
    JOIN pg_catalog.pg_namespace n ON n.oid = q.oprnamespace
    JOIN pg_catalog.pg_depend od
        ON od.classid = 'pg_catalog.pg_operator'::regclass AND od.objid = q.oid AND od.deptype = 'e'
    JOIN pg_catalog.pg_depend td
        ON td.classid = 'pg_catalog.pg_type'::regclass AND td.objid = q.oprleft AND td.deptype = 'e'
        AND td.refobjid = od.refobjid
    WHERE q.oprname = '=' AND q.oprleft = coalesce(nullif(t.typbasetype, 0), t.oid) AND q.oprright = q.oprleft
) e ON true
JOIN pg_catalog.pg_type p ON p.oid = coalesce(e.type, a.atttypid)
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.typnamespace
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT max(s.avg_width) AS avg_width
    FROM pg_catalog.pg_stats s
    WHERE s.schemaname = cn.nspname AND s.tablename = c.relname AND s.attname = a.attname
) w ON true
WHERE a.attrelid = %(relation)s::oid AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attnum
