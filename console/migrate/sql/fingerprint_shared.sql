-- record: ObjectRow
-- interval: on demand
-- What all databases of the cluster share: roles, memberships, tablespaces, settings of roles. No password is read.
SELECT
    'role' AS kind,
    pg_catalog.quote_ident(r.rolname) AS name,
    r.rolname::text AS own_name,
    NULL::text AS parent,
    NULL::text AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole, 'createdb', r.rolcreatedb,
        'login', r.rolcanlogin, 'replication', r.rolreplication, 'bypassrls', r.rolbypassrls,
        'connection limit', r.rolconnlimit, 'valid until', r.rolvaliduntil,
        'settings', (SELECT s.setconfig FROM pg_catalog.pg_db_role_setting AS s
                     WHERE s.setrole = r.oid AND s.setdatabase = 0),
        'member of', (SELECT pg_catalog.string_agg(
                                 m.roleid::regrole || CASE WHEN m.admin_option THEN ' with admin option' ELSE '' END,
                                 ', ' ORDER BY m.roleid::regrole::text)
                      FROM pg_catalog.pg_auth_members AS m WHERE m.member = r.oid),
        'comment', pg_catalog.shobj_description(r.oid, 'pg_authid'))) AS facts
FROM pg_catalog.pg_roles AS r
WHERE r.rolname !~ '^pg_'
UNION ALL
SELECT 'tablespace', pg_catalog.quote_ident(t.spcname), t.spcname::text, NULL, NULL,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'owner', t.spcowner::regrole::text, 'options', t.spcoptions, 'grants', t.spcacl::text,
        'location', pg_catalog.pg_tablespace_location(t.oid),
        'comment', pg_catalog.shobj_description(t.oid, 'pg_tablespace')))
FROM pg_catalog.pg_tablespace AS t
WHERE t.spcname !~ '^pg_'
UNION ALL
SELECT 'database', pg_catalog.quote_ident(b.datname), b.datname::text, NULL, NULL,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'owner', b.datdba::regrole::text, 'connection limit', b.datconnlimit, 'allows connections', b.datallowconn,
        'template', b.datistemplate, 'grants', b.datacl::text,
        'comment', pg_catalog.shobj_description(b.oid, 'pg_database')))
FROM pg_catalog.pg_database AS b
WHERE b.datname !~ '^dbconsole_scratch_'
UNION ALL
SELECT 'server', 'setting ' || s.name, s.name, NULL, NULL,
    pg_catalog.json_build_object('value', s.setting)
FROM pg_catalog.pg_settings AS s
WHERE s.sourcefile ~ 'postgresql\.auto\.conf$'
