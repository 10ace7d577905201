-- record: Definition
-- interval: on demand
-- ALTER DEFAULT PRIVILEGES: for the whole database against what PostgreSQL gives by itself, in a schema beside that.
WITH held AS (
    SELECT d.oid, pg_catalog.pg_get_userbyid(d.defaclrole)::text AS owner, n.nspname::text AS schema, k.word,
        d.defaclacl AS acl,
        CASE WHEN d.defaclnamespace = 0
            THEN pg_catalog.acldefault(CASE WHEN d.defaclobjtype = 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)
            END AS defaults
    FROM pg_catalog.pg_default_acl d
    JOIN (
        VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS'),
            ('L', 'LARGE OBJECTS')
    ) k (letter, word) ON k.letter = d.defaclobjtype::text
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
), changed AS (
    SELECT h.oid, h.owner, h.schema, h.word, g.is_granted IS NOT NULL AS is_granted, is_grantable, grantee,
        pg_catalog.string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
    FROM held h
    CROSS JOIN LATERAL (
        SELECT grantee, privilege_type, is_grantable, g.is_granted, d.is_default
        FROM (SELECT a.*, true AS is_granted FROM pg_catalog.aclexplode(h.acl) a) g
        FULL JOIN (SELECT a.*, true AS is_default FROM pg_catalog.aclexplode(h.defaults) a) d
            USING (grantee, grantor, privilege_type, is_grantable)
    ) g
    WHERE (g.is_granted IS NULL) <> (g.is_default IS NULL)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
    'pg_default_acl' AS catalog,
    c.oid,
    'DEFAULT PRIVILEGES' AS kind,
    c.schema,
    pg_catalog.format('%s of %I%s', c.word, c.owner, coalesce(' in ' || pg_catalog.quote_ident(c.schema), '')) AS name,
    NULL::text AS owner,
    NULL::text AS grant_clause,
    pg_catalog.array_agg(pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s', c.owner,
        coalesce(' IN SCHEMA ' || pg_catalog.quote_ident(c.schema), ''),
        CASE WHEN c.is_granted THEN 'GRANT' ELSE 'REVOKE' END, c.privileges, c.word,
        CASE WHEN c.is_granted THEN 'TO' ELSE 'FROM' END,
        CASE WHEN c.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.grantee)) END,
        CASE WHEN c.is_granted AND c.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        ORDER BY c.is_granted, c.grantee) AS statements,
    NULL::text AS comment
FROM changed c
GROUP BY c.oid, c.schema, c.word, c.owner
ORDER BY 5
