-- record: Definition
-- interval: on demand
-- Casts, but those that range types make themselves, conversions, access methods, languages, transforms and collations,
-- whose columns changed their names in 15 and 17.
-- A cast without a function comes first: it may be why another one's function fits.
SELECT x.*
FROM (
    SELECT
        'pg_cast' AS catalog,
        c.oid,
        'CAST' AS kind,
        NULL::text AS schema,
        pg_catalog.format('(%s AS %s)', pg_catalog.format_type(c.castsource, NULL),
            pg_catalog.format_type(c.casttarget, NULL)) AS name,
        NULL::text AS owner,
        NULL::text AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE CAST (%s AS %s) %s%s', pg_catalog.format_type(c.castsource, NULL),
                pg_catalog.format_type(c.casttarget, NULL),
                CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT'
                    ELSE 'WITHOUT FUNCTION' END,
                CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END)
        ] AS statements,
        pg_catalog.obj_description(c.oid, 'pg_cast') AS comment
    FROM pg_catalog.pg_cast c
    WHERE c.oid >= 16384
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i')
        )
    UNION ALL
    SELECT
        'pg_conversion' AS catalog,
        c.oid,
        'CONVERSION' AS kind,
        n.nspname AS schema,
        pg_catalog.format('%I.%I', n.nspname, c.conname) AS name,
        pg_catalog.pg_get_userbyid(c.conowner)::text AS owner,
        NULL AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s',
                CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END, n.nspname, c.conname,
                pg_catalog.pg_encoding_to_char(c.conforencoding), pg_catalog.pg_encoding_to_char(c.contoencoding),
                c.conproc)
        ] AS statements,
        pg_catalog.obj_description(c.oid, 'pg_conversion') AS comment
    FROM pg_catalog.pg_conversion c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
    WHERE c.oid >= 16384
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_conversion'::regclass AND e.objid = c.oid AND e.deptype = 'e'
        )
    UNION ALL
    SELECT
        'pg_am' AS catalog,
        m.oid,
        'ACCESS METHOD' AS kind,
        NULL AS schema,
        pg_catalog.quote_ident(m.amname) AS name,
        NULL AS owner,
        NULL AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', m.amname,
                CASE m.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, m.amhandler)
        ] AS statements,
        pg_catalog.obj_description(m.oid, 'pg_am') AS comment
    FROM pg_catalog.pg_am m
    WHERE m.oid >= 16384
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_am'::regclass AND e.objid = m.oid AND e.deptype = 'e'
        )
    UNION ALL
    SELECT
        'pg_language' AS catalog,
        l.oid,
        'LANGUAGE' AS kind,
        NULL AS schema,
        pg_catalog.quote_ident(l.lanname) AS name,
        pg_catalog.pg_get_userbyid(l.lanowner)::text AS owner,
        CASE WHEN l.lanpltrusted THEN 'LANGUAGE' END AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE %sLANGUAGE %I', CASE WHEN l.lanpltrusted THEN 'TRUSTED ' ELSE '' END, l.lanname)
            || coalesce(' HANDLER ' || nullif(l.lanplcallfoid, 0)::regproc, '')
            || coalesce(' INLINE ' || nullif(l.laninline, 0)::regproc, '')
            || coalesce(' VALIDATOR ' || nullif(l.lanvalidator, 0)::regproc, '')
        ] AS statements,
        pg_catalog.obj_description(l.oid, 'pg_language') AS comment
    FROM pg_catalog.pg_language l
    WHERE l.oid >= 16384 AND l.lanispl
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e'
        )
    UNION ALL
    SELECT
        'pg_transform' AS catalog,
        t.oid,
        'TRANSFORM' AS kind,
        NULL AS schema,
        pg_catalog.format('FOR %s LANGUAGE %I', pg_catalog.format_type(t.trftype, NULL), l.lanname) AS name,
        NULL AS owner,
        NULL AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', pg_catalog.format_type(t.trftype, NULL),
                l.lanname,
                pg_catalog.concat_ws(', ', 'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql::oid, 0)::regprocedure,
                    'TO SQL WITH FUNCTION ' || nullif(t.trftosql::oid, 0)::regprocedure))
        ] AS statements,
        pg_catalog.obj_description(t.oid, 'pg_transform') AS comment
    FROM pg_catalog.pg_transform t
    JOIN pg_catalog.pg_language l ON l.oid = t.trflang
    WHERE t.oid >= 16384
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_transform'::regclass AND e.objid = t.oid AND e.deptype = 'e'
        )
    UNION ALL
    SELECT
        'pg_collation' AS catalog,
        c.oid,
        'COLLATION' AS kind,
        n.nspname AS schema,
        pg_catalog.format('%I.%I', n.nspname, c.collname) AS name,
        pg_catalog.pg_get_userbyid(c.collowner)::text AS owner,
        NULL AS grant_clause,
        ARRAY[
            pg_catalog.format('CREATE COLLATION %I.%I (', n.nspname, c.collname) || pg_catalog.concat_ws(', ',
                'provider = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
                CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END,
                CASE WHEN c.collprovider = 'c' AND j.fields ->> 'collcollate' <> j.fields ->> 'collctype'
                    THEN pg_catalog.format('lc_collate = %L, lc_ctype = %L', j.fields ->> 'collcollate',
                        j.fields ->> 'collctype')
                    ELSE pg_catalog.format('locale = %L', coalesce(j.fields ->> 'colllocale',
                        j.fields ->> 'colliculocale',
                        j.fields ->> 'collcollate')) END,
                'rules = ' || pg_catalog.quote_literal(j.fields ->> 'collicurules')) || ')'
        ] AS statements,
        pg_catalog.obj_description(c.oid, 'pg_collation') AS comment
    FROM pg_catalog.pg_collation c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
    CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c) AS fields) j
    WHERE c.oid >= 16384
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_collation'::regclass AND e.objid = c.oid AND e.deptype = 'e'
        )
) x
ORDER BY x.catalog, x.kind = 'CAST' AND pg_catalog.strpos(x.statements[1], ' WITHOUT FUNCTION') = 0, x.name
