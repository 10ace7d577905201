-- record: Definition
-- interval: on demand
-- Text search: parsers, templates, dictionaries and configurations.
SELECT
    'pg_ts_parser' AS catalog,
    p.oid,
    'TEXT SEARCH PARSER' AS kind,
    n.nspname::text AS schema,
    pg_catalog.format('%I.%I', n.nspname, p.prsname) AS name,
    NULL::text AS owner,
    NULL::text AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE TEXT SEARCH PARSER %I.%I (START = %s, GETTOKEN = %s, END = %s, LEXTYPES = %s',
            n.nspname, p.prsname, p.prsstart, p.prstoken, p.prsend, p.prslextype)
        || coalesce(', HEADLINE = ' || nullif(p.prsheadline::oid, 0)::regproc, '') || ')'
    ] AS statements,
    pg_catalog.obj_description(p.oid, 'pg_ts_parser') AS comment
FROM pg_catalog.pg_ts_parser p
JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
WHERE p.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_ts_parser'::regclass AND e.objid = p.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_ts_template' AS catalog,
    t.oid,
    'TEXT SEARCH TEMPLATE' AS kind,
    n.nspname AS schema,
    pg_catalog.format('%I.%I', n.nspname, t.tmplname) AS name,
    NULL AS owner,
    NULL AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, t.tmplname, pg_catalog.concat_ws(', ',
            'INIT = ' || nullif(t.tmplinit::oid, 0)::regproc, 'LEXIZE = ' || t.tmpllexize))
    ] AS statements,
    pg_catalog.obj_description(t.oid, 'pg_ts_template') AS comment
FROM pg_catalog.pg_ts_template t
JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
WHERE t.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_ts_template'::regclass AND e.objid = t.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_ts_dict' AS catalog,
    d.oid,
    'TEXT SEARCH DICTIONARY' AS kind,
    n.nspname AS schema,
    pg_catalog.format('%I.%I', n.nspname, d.dictname) AS name,
    pg_catalog.pg_get_userbyid(d.dictowner)::text AS owner,
    NULL AS grant_clause,
    ARRAY[(
        SELECT pg_catalog.format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname,
            tn.nspname, t.tmplname, coalesce(', ' || d.dictinitoption, ''))
        FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
        WHERE t.oid = d.dicttemplate
    )] AS statements,
    pg_catalog.obj_description(d.oid, 'pg_ts_dict') AS comment
FROM pg_catalog.pg_ts_dict d
JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
WHERE d.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_ts_dict'::regclass AND e.objid = d.oid AND e.deptype = 'e'
    )
UNION ALL
SELECT
    'pg_ts_config' AS catalog,
    c.oid,
    'TEXT SEARCH CONFIGURATION' AS kind,
    n.nspname AS schema,
    pg_catalog.format('%I.%I', n.nspname, c.cfgname) AS name,
    pg_catalog.pg_get_userbyid(c.cfgowner)::text AS owner,
    NULL AS grant_clause,
    ARRAY[(
        SELECT pg_catalog.format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname,
            pn.nspname, p.prsname)
        FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
        WHERE p.oid = c.cfgparser
    )] || ARRAY(
        SELECT pg_catalog.format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname,
            c.cfgname,
            (SELECT k.alias FROM pg_catalog.ts_token_type(c.cfgparser) k WHERE k.tokid = m.maptokentype),
            pg_catalog.string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno))
        FROM pg_catalog.pg_ts_config_map m
        WHERE m.mapcfg = c.oid
        GROUP BY m.maptokentype
        ORDER BY m.maptokentype
    ) AS statements,
    pg_catalog.obj_description(c.oid, 'pg_ts_config') AS comment
FROM pg_catalog.pg_ts_config c
JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
WHERE c.oid >= 16384
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_ts_config'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    )
ORDER BY 1, 5
