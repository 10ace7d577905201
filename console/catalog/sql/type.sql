-- record: TypeDetail
-- interval: on demand
SELECT
    t.oid,
    n.nspname::text AS schema,
    t.typname::text AS name,
    t.typtype::text AS typtype,
    nullif(t.typrelid, 0) AS relation_oid,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner,
    e.extname::text AS extension,
    ARRAY(
        SELECT x.enumlabel::text FROM pg_catalog.pg_enum x WHERE x.enumtypid = t.oid ORDER BY x.enumsortorder
    ) AS labels,
    CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS base_type,
    CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END
        AS collation,
    t.typnotnull AS is_not_null,
    CASE WHEN t.typtype = 'd' THEN coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) END AS "default",
    pg_catalog.format_type(r.rngsubtype, -1) AS subtype,
    CASE WHEN NOT oc.opcdefault THEN pg_catalog.quote_ident(ocn.nspname) || '.' || pg_catalog.quote_ident(oc.opcname)
        END AS subtype_opclass,
    CASE WHEN r.rngcollation <> st.typcollation THEN r.rngcollation::regcollation::text END AS subtype_collation,
    nullif(r.rngcanonical::oid, 0)::regproc::text AS canonical_function,
    nullif(r.rngsubdiff::oid, 0)::regproc::text AS difference_function,
    mr.typname::text AS multirange,
    CASE WHEN t.typtype = 'b' THEN pg_catalog.array_remove(ARRAY[
        'INPUT = ' || t.typinput::regproc,
        'OUTPUT = ' || t.typoutput::regproc,
        'RECEIVE = ' || nullif(t.typreceive::oid, 0)::regproc,
        'SEND = ' || nullif(t.typsend::oid, 0)::regproc,
        'TYPMOD_IN = ' || nullif(t.typmodin::oid, 0)::regproc,
        'TYPMOD_OUT = ' || nullif(t.typmodout::oid, 0)::regproc,
        'ANALYZE = ' || nullif(t.typanalyze::oid, 0)::regproc,
        'SUBSCRIPT = ' || nullif(t.typsubscript::oid, 0)::regproc,
        'INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'variable' ELSE t.typlen::text END,
        CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
        'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double'
            END,
        'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main'
            ELSE 'extended' END,
        'CATEGORY = ' || pg_catalog.quote_literal(t.typcategory::text),
        CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
        'DEFAULT = ' || pg_catalog.quote_literal(t.typdefault),
        CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || pg_catalog.format_type(t.typelem, NULL) END,
        CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || pg_catalog.quote_literal(t.typdelim::text) END,
        CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END
    ], NULL) ELSE '{}' END AS base_parts,
    ARRAY(
        SELECT k.conname::text FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY 1
    ) AS check_names,
    ARRAY(
        SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname
    ) AS checks,
    ARRAY(
        SELECT pg_catalog.obj_description(k.oid, 'pg_constraint') FROM pg_catalog.pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname
    ) AS check_comments,
    (SELECT k.conname::text FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'n')
        AS not_null_name,
    pg_catalog.obj_description(t.oid, 'pg_type') AS comment
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_catalog.pg_type st ON st.oid = r.rngsubtype
LEFT JOIN pg_catalog.pg_type mr ON mr.oid = r.rngmultitypid
LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = r.rngsubopc
LEFT JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE t.oid = %(oid)s::oid
