-- record: ObjectRow
-- interval: on demand
-- Enums, domains, ranges and base types; without arrays and what tables and ranges bring along.
SELECT
    CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' ELSE 'type' END AS kind,
    pg_catalog.format('%I.%I', n.nspname, t.typname) AS name,
    t.typname::text AS own_name,
    pg_catalog.quote_ident(n.nspname) AS parent,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'values', CASE t.typtype WHEN 'e' THEN (
            SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e
            WHERE e.enumtypid = t.oid) END,
        'type', CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
        'not null', CASE WHEN t.typnotnull THEN 'NOT NULL' END,
        'default', t.typdefault,
        'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 THEN t.typcollation::regcollation::text END,
        'subtype', r.rngsubtype::regtype::text,
        'operator class', (SELECT o.opcname FROM pg_catalog.pg_opclass AS o WHERE o.oid = r.rngsubopc),
        'subtype collation', CASE WHEN r.rngcollation <> 0 THEN r.rngcollation::regcollation::text END,
        'canonical', nullif(r.rngcanonical::text, '-'),
        'difference', nullif(r.rngsubdiff::text, '-'),
        'functions', CASE t.typtype WHEN 'b' THEN pg_catalog.concat_ws(' ', t.typinput, t.typoutput, t.typreceive,
            t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typlen, t.typbyval, t.typalign, t.typstorage,
            t.typcategory, t.typispreferred, t.typdelim) END,
        'owner', t.typowner::regrole::text,
        'privileges', CASE WHEN NOT (t.typacl @> pg_catalog.acldefault('T', t.typowner)
                                      AND t.typacl <@ pg_catalog.acldefault('T', t.typowner)) THEN coalesce((
            SELECT pg_catalog.json_object_agg(g.grantee, g.privileges)
            FROM (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN t.typowner THEN '(owner)'
                              ELSE a.grantee::regrole::text END AS grantee,
                         pg_catalog.string_agg(DISTINCT a.privilege_type
                             || CASE WHEN a.is_grantable AND a.grantee <> t.typowner THEN ' with grant option'
                                     ELSE '' END, ', ') AS privileges
                  FROM pg_catalog.aclexplode(t.typacl) AS a GROUP BY 1) AS g), '{}') END,
        'comment', (SELECT d.description FROM pg_catalog.pg_description AS d
            WHERE d.objoid = t.oid AND d.classoid = 'pg_catalog.pg_type'::regclass AND d.objsubid = 0))) AS facts
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid
WHERE t.typtype IN ('e', 'd', 'r', 'b')
  AND t.typrelid = 0
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS element WHERE element.oid = t.typelem AND element.typarray = t.oid)
  AND t.oid >= 16384
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'dbconsole')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
                  WHERE e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
