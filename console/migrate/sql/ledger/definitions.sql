-- $1 which views, functions and triggers, as JSON: place, kind (relation, routine, trigger), schema, name, and of a
-- trigger its table as owner. How they are defined now, as JSON, also left in a setting until the transaction ends.
-- The search_path is to be ours, so that every name in a definition has its schema.
WITH keys AS (
    SELECT k.place, k.kind, n.oid AS schema, k.name, k.owner
    FROM pg_catalog.json_to_recordset($1::pg_catalog.json)
        AS k (place int, kind text, schema text, name text, owner text)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = k.schema
), found AS (
    SELECT k.place, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END AS kind,
        pg_catalog.format('%s', c.oid::pg_catalog.regclass) AS name, 'TABLE' AS granted_as,
        CASE c.relkind WHEN 'v' THEN 'CREATE OR REPLACE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END
            || c.oid::pg_catalog.regclass
            || coalesce(' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '')
            || E' AS\n' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), '; ')
            || CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' ELSE '' END AS definition,
        CASE WHEN c.relkind = 'm' THEN pg_catalog.pg_get_viewdef(c.oid) ELSE (
            SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname,
                pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS shape,
        c.relacl AS acl, c.relowner AS owned_by, c.oid,
        'pg_catalog.pg_class'::pg_catalog.regclass AS class, 'r' AS acl_type,
        ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index AS i
              WHERE i.indrelid = c.oid ORDER BY i.indexrelid)
        || ARRAY(SELECT pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(t.oid), '^CREATE TRIGGER',
                                                  'CREATE OR REPLACE TRIGGER') FROM pg_catalog.pg_trigger AS t
              WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.tgname) AS beside
    FROM keys AS k
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = k.schema AND c.relname = k.name AND c.relkind IN ('v', 'm')
    WHERE k.kind = 'relation'
    UNION ALL
    SELECT k.place, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
        pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
        CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
        CASE WHEN p.prokind <> 'a' THEN pg_catalog.rtrim(pg_catalog.pg_get_functiondef(p.oid), E'\n') END,
        pg_catalog.concat_ws(' ', pg_catalog.pg_get_function_arguments(p.oid),
                             pg_catalog.pg_get_function_result(p.oid)),
        p.proacl, p.proowner, p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, 'f', '{}'
    FROM keys AS k
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = k.schema AND p.proname = k.name
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE k.kind = 'routine'
    UNION ALL
    SELECT k.place, 'TRIGGER', pg_catalog.format('%I ON %s', t.tgname, t.tgrelid::pg_catalog.regclass), NULL,
        pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(t.oid), '^CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'),
        pg_catalog.pg_get_triggerdef(t.oid), NULL, NULL, t.oid,
        'pg_catalog.pg_trigger'::pg_catalog.regclass, NULL, '{}'
    FROM keys AS k
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = k.schema AND c.relname = k.owner
    JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid AND t.tgname = k.name AND NOT t.tgisinternal
    WHERE k.kind = 'trigger'
), written AS (
    SELECT f.place, f.kind, f.name, f.definition, f.shape, f.acl IS NOT NULL AS granted, g.revokes, g.grants,
        pg_catalog.concat_ws(E';\n', nullif(pg_catalog.array_to_string(f.beside, E';\n'), ''),
            (SELECT pg_catalog.format('COMMENT ON %s %s IS %L', f.kind, f.name, d.description)
             FROM pg_catalog.pg_description AS d
             WHERE d.objoid = f.oid AND d.classoid = f.class AND d.objsubid = 0),
            (SELECT pg_catalog.format('ALTER %s %s OWNER TO %I', f.kind, f.name, o.rolname)
             FROM pg_catalog.pg_roles AS o WHERE o.oid = f.owned_by AND o.rolname <> current_user)) AS extra
    FROM found AS f
    LEFT JOIN LATERAL (
        SELECT pg_catalog.string_agg(pg_catalog.format('GRANT %s ON %s %s TO %s%s', a.privilege_type, f.granted_as,
                f.name, coalesce(r.name, 'PUBLIC'), CASE WHEN a.is_grantable AND a.grantee <> f.owned_by
                THEN ' WITH GRANT OPTION' ELSE '' END), E';\n' ORDER BY r.name NULLS FIRST, a.privilege_type) AS grants,
            pg_catalog.string_agg(DISTINCT pg_catalog.format('REVOKE ALL ON %s %s FROM %s', f.granted_as, f.name,
                coalesce(r.name, 'PUBLIC')), E';\n') AS revokes
        FROM pg_catalog.aclexplode(coalesce(f.acl, pg_catalog.acldefault(f.acl_type::"char", f.owned_by))) AS a
        LEFT JOIN LATERAL (SELECT pg_catalog.quote_ident(o.rolname) FROM pg_catalog.pg_roles AS o
                           WHERE o.oid = a.grantee) AS r (name) ON true
        WHERE f.owned_by IS NOT NULL
    ) AS g ON true
)
SELECT pg_catalog.set_config('dbconsole.definitions', coalesce(pg_catalog.json_agg(w ORDER BY w.place)::text, '[]'),
                             true)
FROM written AS w
