-- record: ObjectRow
-- interval: on demand
-- What belongs to the database as a whole, and the kinds of object that few databases have.
WITH of_extensions AS MATERIALIZED (
    SELECT e.classid, e.objid FROM pg_catalog.pg_depend AS e WHERE e.deptype = 'e'
), found AS (
    SELECT 'pg_catalog.pg_extension'::regclass AS class, x.oid, 'extension' AS kind,
           pg_catalog.quote_ident(x.extname) AS name, NULL::oid AS namespace,
           pg_catalog.json_build_object('version', x.extversion, 'schema', x.extnamespace::regnamespace::text,
                                        'owner', x.extowner::regrole::text) AS facts
    FROM pg_catalog.pg_extension AS x WHERE x.extname <> 'plpgsql'
    UNION ALL
    SELECT 'pg_catalog.pg_default_acl'::regclass, a.oid, 'default privileges',
           pg_catalog.format('of %s for %s', a.defaclrole::regrole,
                             CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                                  WHEN 'f' THEN 'routines' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
                                  ELSE 'large objects' END)
               || coalesce(' in schema ' || nullif(a.defaclnamespace, 0)::regnamespace, ''),
           a.defaclnamespace,
           pg_catalog.json_build_object('privileges', (
               SELECT pg_catalog.json_object_agg(g.grantee, g.privileges)
               FROM (SELECT CASE e.grantee WHEN 0 THEN 'PUBLIC' WHEN a.defaclrole THEN '(owner)'
                                 ELSE e.grantee::regrole::text END AS grantee,
                            pg_catalog.string_agg(DISTINCT e.privilege_type
                                || CASE WHEN e.is_grantable AND e.grantee <> a.defaclrole THEN ' with grant option'
                                        ELSE '' END, ', ') AS privileges
                     FROM pg_catalog.aclexplode(a.defaclacl) AS e GROUP BY 1) AS g))
    FROM pg_catalog.pg_default_acl AS a
    UNION ALL
    SELECT 'pg_catalog.pg_event_trigger'::regclass, t.oid, 'event trigger', pg_catalog.quote_ident(t.evtname), NULL,
           pg_catalog.json_build_object('event', t.evtevent, 'function', t.evtfoid::regprocedure::text,
                                        'firing', t.evtenabled, 'tags', t.evttags,
                                        'owner', t.evtowner::regrole::text)
    FROM pg_catalog.pg_event_trigger AS t
    UNION ALL
    SELECT 'pg_catalog.pg_publication'::regclass, p.oid, 'publication', pg_catalog.quote_ident(p.pubname), NULL,
           pg_catalog.json_build_object(
               'owner', p.pubowner::regrole::text,
               'what', pg_catalog.to_jsonb(p) - '{oid,pubname,pubowner}'::text[],
               'tables', (SELECT pg_catalog.string_agg(m.prrelid::regclass::text, ', '
                                                       ORDER BY m.prrelid::regclass::text)
                          FROM pg_catalog.pg_publication_rel AS m WHERE m.prpubid = p.oid))
    FROM pg_catalog.pg_publication AS p
    UNION ALL
    SELECT 'pg_catalog.pg_cast'::regclass, k.oid, 'cast',
           pg_catalog.format('%s AS %s', k.castsource::regtype, k.casttarget::regtype), NULL,
           pg_catalog.json_build_object('function', nullif(k.castfunc, 0)::regprocedure::text,
                                        'context', k.castcontext, 'method', k.castmethod)
    FROM pg_catalog.pg_cast AS k
    UNION ALL
    SELECT 'pg_catalog.pg_operator'::regclass, o.oid, 'operator', o.oid::regoperator::text, o.oprnamespace,
           pg_catalog.json_build_object(
               'function', o.oprcode::text, 'commutator', nullif(o.oprcom, 0)::regoperator::text,
               'negator', nullif(o.oprnegate, 0)::regoperator::text, 'estimators', o.oprrest || ' ' || o.oprjoin,
               'merges', o.oprcanmerge, 'hashes', o.oprcanhash, 'owner', o.oprowner::regrole::text)
    FROM pg_catalog.pg_operator AS o
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::regclass, o.oid, 'operator class',
           pg_catalog.format('%s.%I using %s', o.opcnamespace::regnamespace, o.opcname, am.amname), o.opcnamespace,
           pg_catalog.json_build_object(
               'type', o.opcintype::regtype::text, 'default', o.opcdefault, 'family', f.opfname,
               'stored as', nullif(o.opckeytype, 0)::regtype::text, 'owner', o.opcowner::regrole::text)
    FROM pg_catalog.pg_opclass AS o
    JOIN pg_catalog.pg_opfamily AS f ON f.oid = o.opcfamily
    JOIN pg_catalog.pg_am AS am ON am.oid = o.opcmethod
    UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::regclass, f.oid, 'operator family',
           pg_catalog.format('%s.%I using %s', f.opfnamespace::regnamespace, f.opfname, am.amname), f.opfnamespace,
           pg_catalog.json_build_object(
               'owner', f.opfowner::regrole::text,
               'operators', (SELECT pg_catalog.string_agg(o.amopstrategy || ' ' || o.amopopr::regoperator, ', '
                                        ORDER BY o.amopstrategy, o.amopopr::regoperator::text)
                             FROM pg_catalog.pg_amop AS o WHERE o.amopfamily = f.oid),
               'functions', (SELECT pg_catalog.string_agg(p.amprocnum || ' ' || p.amproc::regprocedure, ', '
                                        ORDER BY p.amprocnum, p.amproc::regprocedure::text)
                             FROM pg_catalog.pg_amproc AS p WHERE p.amprocfamily = f.oid))
    FROM pg_catalog.pg_opfamily AS f
    JOIN pg_catalog.pg_am AS am ON am.oid = f.opfmethod
    WHERE f.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_collation'::regclass, c.oid, 'collation',
           pg_catalog.format('%s.%I', c.collnamespace::regnamespace, c.collname), c.collnamespace,
           pg_catalog.json_build_object('owner', c.collowner::regrole::text, 'what',
               pg_catalog.to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion}'::text[])
    FROM pg_catalog.pg_collation AS c
    WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_conversion'::regclass, c.oid, 'conversion',
           pg_catalog.format('%s.%I', c.connamespace::regnamespace, c.conname), c.connamespace,
           pg_catalog.json_build_object('owner', c.conowner::regrole::text, 'what',
               pg_catalog.to_jsonb(c) - '{oid,conname,connamespace,conowner}'::text[])
    FROM pg_catalog.pg_conversion AS c
    UNION ALL
    SELECT 'pg_catalog.pg_ts_config'::regclass, c.oid, 'text search configuration', c.oid::regconfig::text,
           c.cfgnamespace,
           pg_catalog.json_build_object('owner', c.cfgowner::regrole::text, 'parser', p.prsname, 'dictionaries', (
               SELECT pg_catalog.string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', '
                                            ORDER BY m.maptokentype, m.mapseqno)
               FROM pg_catalog.pg_ts_config_map AS m WHERE m.mapcfg = c.oid))
    FROM pg_catalog.pg_ts_config AS c
    JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser
    WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_ts_dict'::regclass, c.oid, 'text search dictionary', c.oid::regdictionary::text,
           c.dictnamespace,
           pg_catalog.json_build_object('owner', c.dictowner::regrole::text, 'template', t.tmplname,
                                        'options', c.dictinitoption)
    FROM pg_catalog.pg_ts_dict AS c
    JOIN pg_catalog.pg_ts_template AS t ON t.oid = c.dicttemplate
    WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, w.oid, 'foreign data wrapper',
           pg_catalog.quote_ident(w.fdwname), NULL,
           pg_catalog.json_build_object('owner', w.fdwowner::regrole::text, 'handler', w.fdwhandler::regproc::text,
               'validator', w.fdwvalidator::regproc::text, 'options', w.fdwoptions, 'grants', w.fdwacl::text)
    FROM pg_catalog.pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::regclass, s.oid, 'server', pg_catalog.quote_ident(s.srvname), NULL,
           pg_catalog.json_build_object('owner', s.srvowner::regrole::text, 'wrapper', w.fdwname, 'type', s.srvtype,
               'version', s.srvversion, 'options', s.srvoptions, 'grants', s.srvacl::text)
    FROM pg_catalog.pg_foreign_server AS s
    JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    UNION ALL
    SELECT 'pg_catalog.pg_user_mapping'::regclass, m.umid, 'user mapping',
           pg_catalog.format('of %I for %I', m.usename, m.srvname), NULL,
           pg_catalog.json_build_object('server', m.srvname)  -- its options hold passwords
    FROM pg_catalog.pg_user_mappings AS m
    UNION ALL
    SELECT 'pg_catalog.pg_language'::regclass, l.oid, 'language', pg_catalog.quote_ident(l.lanname), NULL,
           pg_catalog.json_build_object('owner', l.lanowner::regrole::text, 'trusted', l.lanpltrusted,
               'handler', l.lanplcallfoid::regproc::text, 'grants', l.lanacl::text)
    FROM pg_catalog.pg_language AS l
    UNION ALL
    SELECT 'pg_catalog.pg_am'::regclass, m.oid, 'access method', pg_catalog.quote_ident(m.amname), NULL,
           pg_catalog.json_build_object('handler', m.amhandler::text, 'type', m.amtype)
    FROM pg_catalog.pg_am AS m
    UNION ALL
    SELECT 'pg_catalog.pg_transform'::regclass, t.oid, 'transform',
           pg_catalog.format('for %s language %I', t.trftype::regtype, l.lanname), NULL,
           pg_catalog.json_build_object('from SQL', t.trffromsql::text, 'to SQL', t.trftosql::text)
    FROM pg_catalog.pg_transform AS t
    JOIN pg_catalog.pg_language AS l ON l.oid = t.trflang
)
SELECT f.kind, f.name, f.name AS own_name, coalesce(pg_catalog.quote_ident(n.nspname), '') AS parent,
       pg_catalog.quote_ident(n.nspname) AS schema,
       pg_catalog.json_strip_nulls((f.facts::jsonb || pg_catalog.jsonb_build_object('comment', (
           SELECT d.description FROM pg_catalog.pg_description AS d
           WHERE d.objoid = f.oid AND d.classoid = f.class AND d.objsubid = 0)))::json)
           AS facts
FROM found AS f
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = f.namespace
WHERE f.oid >= 16384
  AND coalesce(n.nspname, '') !~ '^pg_'
  AND coalesce(n.nspname, '') NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM of_extensions AS e WHERE e.classid = f.class AND e.objid = f.oid)
UNION ALL
SELECT 'database', 'setting ' || split.name, split.name, '', NULL,
       pg_catalog.json_build_object('value', split.value,
                                    'role', nullif(s.setrole, 0)::regrole::text)
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_database AS b ON b.oid = s.setdatabase AND b.datname = pg_catalog.current_database()
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS one
CROSS JOIN LATERAL (
    SELECT pg_catalog.split_part(one, '=', 1) || coalesce(' of ' || nullif(s.setrole, 0)::regrole, '') AS name,
           pg_catalog.substr(one, pg_catalog.strpos(one, '=') + 1) AS value) AS split
