-- record: Dependency
-- interval: on demand
-- What must be there before an object can be made: relations, routines, types, extensions and the rest. Not what its
-- foreign keys, triggers and policies refer to: those are made last. catalog is the one that the object stands in.
-- Separable is what only a default, a check, an index, a view's query or a type's functions need.
WITH parts AS (
    SELECT ('pg_catalog.' || %(catalog)s::text)::regclass::oid AS classid, %(oid)s::oid AS objid,
        (%(catalog)s::text = 'pg_type') AS is_separable
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid, a.attgenerated = ''
    FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::regclass, r.oid, true FROM pg_catalog.pg_rewrite r
    WHERE r.ev_class = %(oid)s::oid AND r.rulename = '_RETURN' AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::regclass, k.oid, k.contype = 'c' FROM pg_catalog.pg_constraint k
    WHERE k.contype <> 'f' AND ((k.conrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class')
        OR (k.contypid = %(oid)s::oid AND %(catalog)s::text = 'pg_type'))
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, i.indexrelid, NOT i.indisprimary FROM pg_catalog.pg_index i
    WHERE i.indrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, t.typrelid, false FROM pg_catalog.pg_type t
    WHERE t.oid = %(oid)s::oid AND t.typrelid <> 0 AND %(catalog)s::text = 'pg_type'
    UNION ALL
    SELECT d.classid, d.objid, false FROM pg_catalog.pg_depend d
    WHERE d.classid IN ('pg_catalog.pg_amop'::regclass, 'pg_catalog.pg_amproc'::regclass)
        AND d.refclassid = ('pg_catalog.' || %(catalog)s::text)::regclass AND d.refobjid = %(oid)s::oid
        AND d.deptype IN ('i', 'a') AND %(catalog)s::text IN ('pg_opclass', 'pg_opfamily')
), referenced AS (
    SELECT d.refclassid, d.refobjid, p.is_separable
        AND NOT (d.refclassid = 'pg_catalog.pg_type'::regclass AND %(catalog)s::text = 'pg_type') AS is_separable
    FROM parts p
    JOIN pg_catalog.pg_depend d ON d.classid = p.classid AND d.objid = p.objid
        AND (d.deptype = 'n' OR d.deptype = 'a' AND %(catalog)s::text NOT IN ('pg_class', 'pg_type', 'pg_proc'))
    UNION
    SELECT 'pg_catalog.pg_class'::regclass, i.inhparent, false FROM pg_catalog.pg_inherits i
    WHERE i.inhrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
), scalar AS (
    SELECT r.refclassid, coalesce(m.rngtypid, nullif(a.typelem, 0), r.refobjid) AS refobjid, r.is_separable
    FROM referenced r
    LEFT JOIN pg_catalog.pg_type a ON r.refclassid = 'pg_catalog.pg_type'::regclass AND a.oid = r.refobjid
        AND a.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
    LEFT JOIN pg_catalog.pg_range m ON r.refclassid = 'pg_catalog.pg_type'::regclass AND m.rngmultitypid = r.refobjid
), owners AS (
    SELECT
        CASE WHEN e.refobjid IS NOT NULL THEN 'pg_catalog.pg_extension'::regclass
            WHEN rc.oid IS NOT NULL OR k.conrelid <> 0 OR ix.indrelid IS NOT NULL THEN 'pg_catalog.pg_class'::regclass
            WHEN k.contypid <> 0 OR cc.reltype IS NOT NULL OR rt.objid IS NOT NULL THEN 'pg_catalog.pg_type'::regclass
            ELSE s.refclassid::regclass END AS classid,
        coalesce(e.refobjid, rc.oid, nullif(k.conrelid, 0), nullif(k.contypid, 0), ix.indrelid, cc.reltype, rt.refobjid,
            s.refobjid) AS objid,
        s.is_separable
    FROM scalar s
    LEFT JOIN pg_catalog.pg_type t ON s.refclassid = 'pg_catalog.pg_type'::regclass AND t.oid = s.refobjid
    LEFT JOIN pg_catalog.pg_class rc ON rc.oid = t.typrelid AND rc.relkind <> 'c'
    LEFT JOIN pg_catalog.pg_constraint k ON s.refclassid = 'pg_catalog.pg_constraint'::regclass AND k.oid = s.refobjid
    LEFT JOIN pg_catalog.pg_index ix ON s.refclassid = 'pg_catalog.pg_class'::regclass AND ix.indexrelid = s.refobjid
    LEFT JOIN pg_catalog.pg_class cc ON s.refclassid = 'pg_catalog.pg_class'::regclass AND cc.oid = s.refobjid
        AND cc.relkind = 'c'
    LEFT JOIN pg_catalog.pg_depend rt ON s.refclassid = 'pg_catalog.pg_proc'::regclass
        AND rt.classid = s.refclassid AND rt.objid = s.refobjid AND rt.deptype = 'i'
        AND rt.refclassid = 'pg_catalog.pg_type'::regclass
    LEFT JOIN pg_catalog.pg_depend e ON e.classid = s.refclassid AND e.objid = s.refobjid AND e.deptype = 'e'
), needed AS (
    SELECT o.classid, o.objid, pg_catalog.bool_and(o.is_separable) AS is_separable
    FROM owners o
    WHERE NOT (o.classid = ('pg_catalog.' || %(catalog)s::text)::regclass AND o.objid = %(oid)s::oid)
    GROUP BY o.classid, o.objid
)
SELECT
    c.relname::text AS catalog,
    n.objid AS oid,
    i.type AS kind,
    i.identity AS name,
    n.is_separable
FROM needed n
JOIN pg_catalog.pg_class c ON c.oid = n.classid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, 0) i
WHERE i.type NOT IN ('schema', 'role')
ORDER BY 3, 4
