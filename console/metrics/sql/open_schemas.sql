-- record: OpenSchema
-- interval: 5 min
-- Schemas in which others than their owner may create objects: public, and what stands in the search_path of this
-- session, of a role or of the database. Who may do so anyway is left out: superusers, the database's owner, and who may
-- act as the schema's owner.
WITH paths AS (
    SELECT s.reset_val AS path FROM pg_catalog.pg_settings s WHERE s.name = 'search_path'
    UNION
    SELECT pg_catalog.substr(c.entry, 13)
    FROM pg_catalog.pg_db_role_setting r
    CROSS JOIN LATERAL unnest(r.setconfig) AS c(entry)
    WHERE c.entry LIKE 'search_path=%'
        AND r.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
),
names AS (
    SELECT CASE WHEN p.part LIKE '"%"' THEN pg_catalog.replace(pg_catalog.btrim(p.part, '"'), '""', '"')
            ELSE pg_catalog.lower(p.part) END AS name
    FROM (SELECT pg_catalog.btrim(part) AS part FROM paths CROSS JOIN LATERAL
        pg_catalog.regexp_split_to_table(paths.path, ',') AS x(part)) p
)
SELECT
    n.nspname::text AS schema,
    pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
    bool_or(a.grantee = 0) AS is_open_to_all,
    coalesce(array_agg(DISTINCT r.rolname::text) FILTER (WHERE r.oid IS NOT NULL), '{}') AS roles
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) a
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
WHERE a.privilege_type = 'CREATE'
    AND (
        n.nspname = 'public'
        OR n.nspname IN (SELECT names.name FROM names)
        OR '$user' IN (SELECT names.name FROM names) AND EXISTS (
            SELECT FROM pg_catalog.pg_roles u WHERE u.rolname = n.nspname)
    )
    AND (
        a.grantee = 0
        OR NOT (
            r.rolsuper
            OR r.rolname = 'pg_database_owner'
            OR pg_catalog.pg_has_role(r.oid, d.datdba, 'MEMBER')
            OR pg_catalog.pg_has_role(r.oid, n.nspowner, 'MEMBER')
        )
    )
GROUP BY n.nspname, n.nspowner
ORDER BY bool_or(a.grantee = 0) DESC, n.nspname
