-- record: Definition
-- interval: on demand
-- Operators, and their families and classes; one that others only name isn't defined itself.
SELECT
    'pg_operator' AS catalog,
    o.oid,
    'OPERATOR' AS kind,
    n.nspname::text AS schema,
    pg_catalog.format('%I.%s (%s, %s)', n.nspname, o.oprname,
        CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END,
        pg_catalog.format_type(o.oprright, NULL)) AS name,
    pg_catalog.pg_get_userbyid(o.oprowner)::text AS owner,
    NULL AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE OPERATOR %I.%s (', n.nspname, o.oprname) || pg_catalog.array_to_string(ARRAY[
        'FUNCTION = ' || o.oprcode::regproc,
        CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || pg_catalog.format_type(o.oprleft, NULL) END,
        CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || pg_catalog.format_type(o.oprright, NULL) END,
        (
            SELECT 'COMMUTATOR = OPERATOR(' || pg_catalog.quote_ident(xn.nspname) || '.' || x.oprname || ')'
            FROM pg_catalog.pg_operator x JOIN pg_catalog.pg_namespace xn ON xn.oid = x.oprnamespace
            WHERE x.oid = o.oprcom
        ),
        (
            SELECT 'NEGATOR = OPERATOR(' || pg_catalog.quote_ident(xn.nspname) || '.' || x.oprname || ')'
            FROM pg_catalog.pg_operator x JOIN pg_catalog.pg_namespace xn ON xn.oid = x.oprnamespace
            WHERE x.oid = o.oprnegate
        ),
        'RESTRICT = ' || nullif(o.oprrest::oid, 0)::regproc,
        'JOIN = ' || nullif(o.oprjoin::oid, 0)::regproc,
        CASE WHEN o.oprcanhash THEN 'HASHES' END,
        CASE WHEN o.oprcanmerge THEN 'MERGES' END
    ], ', ') || ')'] AS statements,
    pg_catalog.obj_description(o.oid, 'pg_operator') AS comment
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384 AND o.oprcode <> 0
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_opfamily' AS catalog,
    f.oid,
    'OPERATOR FAMILY' AS kind,
    n.nspname AS schema,
    pg_catalog.format('%I.%I USING %I', n.nspname, f.opfname, m.amname) AS name,
    pg_catalog.pg_get_userbyid(f.opfowner)::text AS owner,
    NULL AS grant_clause,
    pg_catalog.array_remove(ARRAY[
        pg_catalog.format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname),
        pg_catalog.format('ALTER OPERATOR FAMILY %I.%I USING %I ADD ', n.nspname, f.opfname, m.amname)
        || pg_catalog.array_to_string((
            SELECT pg_catalog.array_agg(x.entry ORDER BY x.sort, x.number, x.entry)
            FROM (
                SELECT 1 AS sort, a.amopstrategy AS number, pg_catalog.format('OPERATOR %s %s', a.amopstrategy,
                    a.amopopr::regoperator) || CASE WHEN a.amopsortfamily <> 0 THEN (
                        SELECT pg_catalog.format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname)
                        FROM pg_catalog.pg_opfamily sf JOIN pg_catalog.pg_namespace sn ON sn.oid = sf.opfnamespace
                        WHERE sf.oid = a.amopsortfamily) ELSE '' END AS entry
                FROM pg_catalog.pg_amop a
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amop'::regclass AND d.objid = a.oid
                WHERE d.refclassid = 'pg_catalog.pg_opfamily'::regclass AND d.refobjid = f.oid
                    AND a.amopfamily = f.oid
                UNION ALL
                SELECT 2, a.amprocnum, pg_catalog.format('FUNCTION %s (%s, %s) %s', a.amprocnum,
                    pg_catalog.format_type(a.amproclefttype, NULL), pg_catalog.format_type(a.amprocrighttype, NULL),
                    a.amproc::regprocedure)
                FROM pg_catalog.pg_amproc a
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amproc'::regclass AND d.objid = a.oid
                WHERE d.refclassid = 'pg_catalog.pg_opfamily'::regclass AND d.refobjid = f.oid
                    AND a.amprocfamily = f.oid
            ) x
        ), ', ')
    ], NULL) AS statements,
    pg_catalog.obj_description(f.oid, 'pg_opfamily') AS comment
FROM pg_catalog.pg_opfamily f
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
WHERE f.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_opclass' AS catalog,
    c.oid,
    'OPERATOR CLASS' AS kind,
    n.nspname AS schema,
    pg_catalog.format('%I.%I USING %I', n.nspname, c.opcname, m.amname) AS name,
    pg_catalog.pg_get_userbyid(c.opcowner)::text AS owner,
    NULL AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS ', n.nspname, c.opcname,
            CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END,
            pg_catalog.format_type(c.opcintype, NULL), m.amname, fn.nspname, f.opfname)
        || pg_catalog.array_to_string(coalesce((
            SELECT pg_catalog.array_agg(x.entry ORDER BY x.sort, x.number, x.entry)
            FROM (
                SELECT 1 AS sort, a.amopstrategy AS number, pg_catalog.format('OPERATOR %s %s', a.amopstrategy,
                    a.amopopr::regoperator) || CASE WHEN a.amopsortfamily <> 0 THEN (
                        SELECT pg_catalog.format(' FOR ORDER BY %I.%I', sn.nspname, sf.opfname)
                        FROM pg_catalog.pg_opfamily sf JOIN pg_catalog.pg_namespace sn ON sn.oid = sf.opfnamespace
                        WHERE sf.oid = a.amopsortfamily) ELSE '' END AS entry
                FROM pg_catalog.pg_amop a
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amop'::regclass AND d.objid = a.oid
                WHERE d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = c.oid
                    AND a.amopfamily = c.opcfamily
                UNION ALL
                SELECT 2, a.amprocnum, pg_catalog.format('FUNCTION %s (%s, %s) %s', a.amprocnum,
                    pg_catalog.format_type(a.amproclefttype, NULL), pg_catalog.format_type(a.amprocrighttype, NULL),
                    a.amproc::regprocedure)
                FROM pg_catalog.pg_amproc a
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amproc'::regclass AND d.objid = a.oid
                WHERE d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = c.oid
                    AND a.amprocfamily = c.opcfamily
            ) x
        ), '{}')
            || CASE WHEN c.opckeytype <> 0 THEN ARRAY['STORAGE ' || pg_catalog.format_type(c.opckeytype, NULL)]
                WHEN NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend d
                WHERE d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = c.oid
                    AND d.classid IN ('pg_catalog.pg_amop'::regclass, 'pg_catalog.pg_amproc'::regclass))
                THEN ARRAY['STORAGE ' || pg_catalog.format_type(c.opcintype, NULL)]
                ELSE '{}' END, ', ')
    ] AS statements,
    pg_catalog.obj_description(c.oid, 'pg_opclass') AS comment
FROM pg_catalog.pg_opclass c
JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
WHERE c.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_opclass'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    )
ORDER BY 1, 5
