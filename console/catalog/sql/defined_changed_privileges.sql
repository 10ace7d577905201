-- record: Definition
-- interval: on demand
-- Grants on what an extension or PostgreSQL itself brought, where they are others than it came with.
WITH held AS (
    SELECT 'pg_class' AS catalog, c.oid, 0 AS column_number, n.nspname AS schema,
        CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END || pg_catalog.format(' %I.%I', n.nspname, c.relname)
        AS clause, NULL::text AS "column", c.relacl AS acl, c.relowner AS owner,
        pg_catalog.acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner) AS defaults
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_class', a.attrelid, a.attnum, n.nspname, pg_catalog.format('TABLE %I.%I', n.nspname, c.relname),
        pg_catalog.quote_ident(a.attname), a.attacl, c.relowner, pg_catalog.acldefault('c', c.relowner)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'pg_proc', p.oid, 0, n.nspname, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END
        || pg_catalog.format(' %I.%I(%s)', n.nspname, p.proname, CASE p.prokind WHEN 'a'
            THEN pg_catalog.oidvectortypes(p.proargtypes)
            ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END),
        NULL, p.proacl, p.proowner, pg_catalog.acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    UNION ALL
    SELECT 'pg_type', t.oid, 0, n.nspname, 'TYPE ' || pg_catalog.format_type(t.oid, NULL), NULL, t.typacl, t.typowner,
        pg_catalog.acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    UNION ALL
    SELECT 'pg_namespace', n.oid, 0, n.nspname, pg_catalog.format('SCHEMA %I', n.nspname), NULL, n.nspacl, n.nspowner,
        pg_catalog.acldefault('n', n.nspowner)
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_(toast|temp)'
    UNION ALL
    SELECT 'pg_foreign_data_wrapper', w.oid, 0, NULL, pg_catalog.format('FOREIGN DATA WRAPPER %I', w.fdwname), NULL,
        w.fdwacl, w.fdwowner, pg_catalog.acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'pg_foreign_server', s.oid, 0, NULL, pg_catalog.format('FOREIGN SERVER %I', s.srvname), NULL,
        s.srvacl, s.srvowner, pg_catalog.acldefault('S', s.srvowner)
    FROM pg_catalog.pg_foreign_server s
    UNION ALL
    SELECT 'pg_language', l.oid, 0, NULL, pg_catalog.format('LANGUAGE %I', l.lanname), NULL,
        l.lanacl, l.lanowner, pg_catalog.acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l
), brought AS (
    SELECT h.*, coalesce(i.initprivs, CASE WHEN h."column" IS NULL THEN h.defaults END) AS initial
    FROM held h
    LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = ('pg_catalog.' || h.catalog)::regclass AND i.objoid = h.oid
        AND i.objsubid = h.column_number
    WHERE h.schema IS DISTINCT FROM 'information_schema'
        AND coalesce(h.acl, h.defaults) IS DISTINCT FROM coalesce(i.initprivs, h.defaults)
        AND (h.oid < 16384 OR EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = ('pg_catalog.' || h.catalog)::regclass AND e.objid = h.oid AND e.deptype = 'e'))
), changed AS (
    SELECT b.catalog, b.oid, b.schema, b.clause, g.is_granted IS NOT NULL AS is_granted, is_grantable, grantee,
        pg_catalog.string_agg(privilege_type || coalesce(' (' || b."column" || ')', ''), ', '
            ORDER BY b.column_number, privilege_type) AS privileges
    FROM brought b
    CROSS JOIN LATERAL (
        SELECT grantee, privilege_type, is_grantable, g.is_granted, d.is_default
        FROM (SELECT a.*, true AS is_granted FROM pg_catalog.aclexplode(coalesce(b.acl, b.defaults)) a) g
        FULL JOIN (SELECT a.*, true AS is_default FROM pg_catalog.aclexplode(b.initial) a) d
            USING (grantee, grantor, privilege_type, is_grantable)
    ) g
    WHERE (g.is_granted IS NULL) <> (g.is_default IS NULL)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
    c.catalog || ' privileges' AS catalog,
    c.oid,
    'PRIVILEGES' AS kind,
    c.schema::text AS schema,
    c.clause AS name,
    NULL::text AS owner,
    NULL::text AS grant_clause,
    pg_catalog.array_agg(pg_catalog.format('%s %s ON %s %s %s%s', CASE WHEN c.is_granted THEN 'GRANT' ELSE 'REVOKE' END,
        c.privileges, c.clause, CASE WHEN c.is_granted THEN 'TO' ELSE 'FROM' END,
        CASE WHEN c.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.grantee)) END,
        CASE WHEN c.is_granted AND c.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        ORDER BY c.is_granted, c.grantee) AS statements,
    NULL::text AS comment
FROM changed c
GROUP BY c.catalog, c.oid, c.schema, c.clause
ORDER BY 1, 5
