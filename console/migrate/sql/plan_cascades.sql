-- record: CascadeRow
-- interval: on demand
-- What goes with things that are dropped with CASCADE, without what is a part of these (a table's indexes, a view's row
-- type), and the relations that are locked for it. kinds are relation, column, schema, type, routine or extension.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT a.kind, a.schema, a.name, a.attribute
    FROM ROWS FROM (pg_catalog.unnest(%(kinds)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(columns)s::text[]))
        AS a (kind, schema, name, attribute)
),
named AS MATERIALIZED (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace AS n
),
roots AS (
    SELECT a.kind, a.schema, a.name, a.attribute, 'pg_catalog.pg_class'::regclass::oid AS classid, c.oid AS objid,
        coalesce(t.attnum, 0)::int AS objsubid
    FROM asked AS a
    JOIN pg_catalog.pg_class AS c ON c.relname = a.name::name
    JOIN named AS n ON n.oid = c.relnamespace AND (n.nspname = a.schema OR a.schema IS NULL
        AND n.nspname = ANY (%(path)s::text[]))
    LEFT JOIN pg_catalog.pg_attribute AS t ON a.kind = 'column' AND t.attrelid = c.oid AND t.attname = a.attribute::name
    WHERE a.kind = 'relation' OR a.kind = 'column' AND t.attnum IS NOT NULL
    UNION ALL
    SELECT a.kind, a.schema, a.name, a.attribute, 'pg_catalog.pg_namespace'::regclass, n.oid, 0
    FROM asked AS a JOIN named AS n ON n.nspname = a.name::name WHERE a.kind = 'schema'
    UNION ALL
    SELECT a.kind, a.schema, a.name, a.attribute, 'pg_catalog.pg_extension'::regclass, e.oid, 0
    FROM asked AS a JOIN pg_catalog.pg_extension AS e ON e.extname = a.name::name WHERE a.kind = 'extension'
    UNION ALL
    SELECT a.kind, a.schema, a.name, a.attribute, 'pg_catalog.pg_type'::regclass, t.oid, 0
    FROM asked AS a
    JOIN pg_catalog.pg_type AS t ON t.typname = a.name::name
    JOIN named AS n ON n.oid = t.typnamespace AND (n.nspname = a.schema OR a.schema IS NULL
        AND n.nspname = ANY (%(path)s::text[]))
    WHERE a.kind = 'type'
    UNION ALL
    SELECT a.kind, a.schema, a.name, a.attribute, 'pg_catalog.pg_proc'::regclass, p.oid, 0
    FROM asked AS a
    JOIN pg_catalog.pg_proc AS p ON p.proname = a.name::name
    JOIN named AS n ON n.oid = p.pronamespace AND (n.nspname = a.schema OR a.schema IS NULL
        AND n.nspname = ANY (%(path)s::text[]))
    WHERE a.kind = 'routine'
),
tree AS (
    SELECT r.kind, r.schema, r.name, r.attribute, r.classid, r.objid, r.objsubid, true AS is_root FROM roots AS r
    UNION
    SELECT t.kind, t.schema, t.name, t.attribute, d.classid, d.objid, d.objsubid, false
    FROM tree AS t
    CROSS JOIN LATERAL (
        SELECT d.classid, d.objid, d.objsubid
        FROM pg_catalog.pg_depend AS d
        WHERE d.refclassid = t.classid AND d.refobjid = t.objid AND (t.objsubid = 0 OR d.refobjsubid = t.objsubid)
        UNION ALL
        SELECT d.refclassid, d.refobjid, d.refobjsubid  -- a view goes with its rule
        FROM pg_catalog.pg_depend AS d
        WHERE t.classid = 'pg_catalog.pg_rewrite'::regclass AND d.classid = t.classid AND d.objid = t.objid
            AND d.deptype = 'i'
    ) AS d
),
placed AS (
    SELECT t.*, CASE t.classid
        WHEN 'pg_catalog.pg_class'::regclass THEN t.objid
        WHEN 'pg_catalog.pg_constraint'::regclass THEN
            (SELECT nullif(k.conrelid, 0) FROM pg_catalog.pg_constraint AS k WHERE k.oid = t.objid)
        WHEN 'pg_catalog.pg_trigger'::regclass THEN
            (SELECT g.tgrelid FROM pg_catalog.pg_trigger AS g WHERE g.oid = t.objid)
        WHEN 'pg_catalog.pg_attrdef'::regclass THEN
            (SELECT f.adrelid FROM pg_catalog.pg_attrdef AS f WHERE f.oid = t.objid)
        WHEN 'pg_catalog.pg_policy'::regclass THEN
            (SELECT p.polrelid FROM pg_catalog.pg_policy AS p WHERE p.oid = t.objid)
        WHEN 'pg_catalog.pg_rewrite'::regclass THEN
            (SELECT w.ev_class FROM pg_catalog.pg_rewrite AS w WHERE w.oid = t.objid)
        END AS relid
    FROM tree AS t
),
whole AS (
    SELECT DISTINCT p.kind, p.schema, p.name, p.attribute, p.objid
    FROM placed AS p
    WHERE p.classid = 'pg_catalog.pg_class'::regclass AND p.objsubid = 0
)
SELECT DISTINCT
    p.kind,
    p.schema,
    p.name,
    p.attribute AS "column",
    pg_catalog.pg_describe_object(p.classid, p.objid, p.objsubid) AS what,
    n.nspname::text AS relation_schema,
    c.relname::text AS relation_name
FROM placed AS p
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = p.relid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT p.is_root
    AND NOT EXISTS (SELECT FROM roots AS r WHERE r.objid = p.objid AND r.classid = p.classid AND r.objsubid = p.objsubid
                    AND (r.kind, r.name) = (p.kind, p.name))
    AND CASE
        WHEN p.classid = 'pg_catalog.pg_class'::regclass AND p.objsubid = 0 THEN c.oid IS NOT NULL
        WHEN p.classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_constraint'::regclass,
                           'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_attrdef'::regclass) THEN
            c.oid IS NOT NULL AND NOT EXISTS (
                SELECT FROM whole AS w WHERE w.objid = c.oid AND (w.kind, w.name) = (p.kind, p.name)
                    AND w.schema IS NOT DISTINCT FROM p.schema)
        WHEN p.classid = 'pg_catalog.pg_trigger'::regclass THEN
            c.oid IS NOT NULL AND NOT (SELECT g.tgisinternal FROM pg_catalog.pg_trigger AS g WHERE g.oid = p.objid)
            AND NOT EXISTS (
                SELECT FROM whole AS w WHERE w.objid = c.oid AND (w.kind, w.name) = (p.kind, p.name)
                    AND w.schema IS NOT DISTINCT FROM p.schema)
        WHEN p.classid = 'pg_catalog.pg_type'::regclass THEN EXISTS (
            SELECT FROM pg_catalog.pg_type AS y LEFT JOIN pg_catalog.pg_class AS yc ON yc.oid = y.typrelid
            WHERE y.oid = p.objid AND y.typelem = 0 AND (y.typrelid = 0 OR yc.relkind = 'c') AND y.typtype <> 'm')
        ELSE p.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_extension'::regclass)
        END
ORDER BY 5
