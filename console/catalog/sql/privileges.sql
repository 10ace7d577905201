-- record: Privilege
-- interval: on demand
-- Who may do what with one object, what PostgreSQL grants by itself spelled out. is_granted false is such a default
-- that was revoked. An empty grantee is PUBLIC; catalog is the one that the object stands in.
WITH held AS (
    SELECT c.relacl AS acl, NULL::text AS "column", c.relowner AS owner,
        pg_catalog.acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner) AS defaults
    FROM pg_catalog.pg_class c WHERE c.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_class'
    UNION ALL
    SELECT a.attacl, a.attname::text, c.relowner, pg_catalog.acldefault('c', c.relowner)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.attrelid = %(oid)s::oid AND %(catalog)s::text = 'pg_class' AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT p.proacl, NULL, p.proowner, pg_catalog.acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p WHERE p.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_proc'
    UNION ALL
    SELECT t.typacl, NULL, t.typowner, pg_catalog.acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t WHERE t.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_type'
    UNION ALL
    SELECT n.nspacl, NULL, n.nspowner, pg_catalog.acldefault('n', n.nspowner)
    FROM pg_catalog.pg_namespace n WHERE n.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_namespace'
    UNION ALL
    SELECT w.fdwacl, NULL, w.fdwowner, pg_catalog.acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w
    WHERE w.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_foreign_data_wrapper'
    UNION ALL
    SELECT s.srvacl, NULL, s.srvowner, pg_catalog.acldefault('S', s.srvowner)
    FROM pg_catalog.pg_foreign_server s WHERE s.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_foreign_server'
    UNION ALL
    SELECT l.lanacl, NULL, l.lanowner, pg_catalog.acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l WHERE l.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_language'
    UNION ALL
    SELECT m.lomacl, NULL, m.lomowner, pg_catalog.acldefault('L', m.lomowner)
    FROM pg_catalog.pg_largeobject_metadata m
    WHERE m.oid = %(oid)s::oid AND %(catalog)s::text = 'pg_largeobject_metadata'
)
SELECT
    coalesce(pg_catalog.pg_get_userbyid(nullif(x.grantee, 0))::text, '') AS grantee,
    pg_catalog.pg_get_userbyid(x.grantor)::text AS grantor,
    x.grantor = h.owner AS is_by_owner,
    x.privilege,
    x.is_grantable,
    h."column",
    x.is_granted,
    x.is_default,
    x.position::int AS position
FROM held h
CROSS JOIN LATERAL (
    SELECT grantee, grantor, privilege_type AS privilege, is_grantable,
        g.is_granted IS NOT NULL AS is_granted, d.is_default IS NOT NULL AS is_default,
        coalesce(g.position, d.position) AS position
    FROM (
        SELECT a.*, true AS is_granted
        FROM pg_catalog.aclexplode(coalesce(h.acl, h.defaults))
            WITH ORDINALITY a (grantor, grantee, privilege_type, is_grantable, position)
    ) g
    FULL JOIN (
        SELECT a.*, true AS is_default
        FROM pg_catalog.aclexplode(h.defaults)
            WITH ORDINALITY a (grantor, grantee, privilege_type, is_grantable, position)
    ) d
        USING (grantee, grantor, privilege_type, is_grantable)
) x
ORDER BY h."column" NULLS FIRST, x.grantee = h.owner DESC, x.grantee = 0 DESC, 1, x.privilege
