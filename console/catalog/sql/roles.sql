-- record: Role
-- interval: on demand
SELECT
    r.oid,
    r.rolname::text AS name,
    r.rolname LIKE 'pg\_%' AS is_system,
    r.rolcanlogin AS can_login,
    r.rolsuper AS is_superuser,
    r.rolinherit AS inherits,
    r.rolcreaterole AS can_create_roles,
    r.rolcreatedb AS can_create_databases,
    r.rolreplication AS can_replicate,
    r.rolbypassrls AS bypasses_policies,
    nullif(r.rolconnlimit, -1) AS connection_limit,
    nullif(r.rolvaliduntil, 'infinity')::text AS valid_until,
    coalesce(r.rolconfig, '{}') AS settings,
    ARRAY(
        SELECT g.rolname::text || CASE WHEN m.admin_option THEN ' (admin)' ELSE '' END
        FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid ORDER BY 1
    ) AS member_of,
    ARRAY(
        SELECT g.rolname::text || CASE WHEN m.admin_option THEN ' (admin)' ELSE '' END
        FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.member
        WHERE m.roleid = r.oid ORDER BY 1
    ) AS members,
    ARRAY(
        SELECT pg_catalog.format('GRANT %I TO %I', g.rolname, r.rolname)
            || CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END
        FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid ORDER BY g.rolname
    ) AS memberships,
    ARRAY(
        SELECT ARRAY[d.datname::text, x]
        FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
        CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) x
        WHERE s.setrole = r.oid ORDER BY d.datname, x
    ) AS database_settings,
    pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment
FROM pg_catalog.pg_roles r
ORDER BY r.rolname
