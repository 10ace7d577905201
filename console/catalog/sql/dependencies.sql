-- record: Dependency
-- interval: on demand
-- What must be there before an object can be made: relations, routines, types, extensions and the rest. Not what its
-- foreign keys, triggers and policies refer to: those are made last. catalog is pg_class, pg_proc or pg_type.
WITH parts AS (
    SELECT ('pg_catalog.' || %(catalog)s::text)::regclass::oid AS classid, %(oid)s::oid AS objid
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid FROM pg_catalog.pg_attrdef d
    WHERE d.adrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::regclass, r.oid FROM pg_catalog.pg_rewrite r
    WHERE r.ev_class = %(oid)s::oid AND r.rulename = '_RETURN' AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::regclass, k.oid FROM pg_catalog.pg_constraint k
    WHERE k.contype <> 'f' AND ((k.conrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class')
        OR (k.contypid = %(oid)s::oid AND %(catalog)s::text = 'pg_type'))
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, i.indexrelid FROM pg_catalog.pg_index i
    WHERE i.indrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, t.typrelid FROM pg_catalog.pg_type t
    WHERE t.oid = %(oid)s::oid AND t.typrelid <> 0 AND %(catalog)s::text = 'pg_type'
), referenced AS (
    SELECT DISTINCT d.refclassid, d.refobjid
    FROM parts p
    JOIN pg_catalog.pg_depend d ON d.classid = p.classid AND d.objid = p.objid AND d.deptype = 'n'
    UNION
    SELECT 'pg_catalog.pg_class'::regclass, i.inhparent FROM pg_catalog.pg_inherits i
    WHERE i.inhrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
), scalar AS (
    SELECT r.refclassid, coalesce(m.rngtypid, nullif(a.typelem, 0), r.refobjid) AS refobjid
    FROM referenced r
    LEFT JOIN pg_catalog.pg_type a ON r.refclassid = 'pg_catalog.pg_type'::regclass AND a.oid = r.refobjid
        AND a.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
    LEFT JOIN pg_catalog.pg_range m ON r.refclassid = 'pg_catalog.pg_type'::regclass AND m.rngmultitypid = r.refobjid
), owners AS (
    SELECT DISTINCT
        coalesce(CASE WHEN e.refobjid IS NOT NULL THEN 'pg_catalog.pg_extension'::regclass
            WHEN rc.oid IS NOT NULL THEN 'pg_catalog.pg_class'::regclass END, s.refclassid)::oid AS classid,
        coalesce(e.refobjid, rc.oid, s.refobjid) AS objid
    FROM scalar s
    LEFT JOIN pg_catalog.pg_type t ON s.refclassid = 'pg_catalog.pg_type'::regclass AND t.oid = s.refobjid
    LEFT JOIN pg_catalog.pg_class rc ON rc.oid = t.typrelid AND rc.relkind <> 'c'
    LEFT JOIN pg_catalog.pg_depend e ON e.classid = s.refclassid AND e.objid = s.refobjid AND e.deptype = 'e'
)
SELECT
    o.objid AS oid,
    i.type AS kind,
    i.identity AS name
FROM owners o
CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
WHERE o.objid <> %(oid)s::oid AND i.type <> 'schema'
ORDER BY 2, 3
