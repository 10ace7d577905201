CREATE VIEW platform.service_roles AS
SELECT s.name AS service,
       r.purpose,
       r.role_name,
       a.oid IS NOT NULL AS role_exists,
       coalesce(a.rolcanlogin, false) AS can_login,
       n.oid IS NOT NULL AS schema_exists,
       CASE WHEN a.oid IS NOT NULL AND n.oid IS NOT NULL
            THEN pg_catalog.has_schema_privilege(a.oid, n.oid, 'USAGE') END AS schema_usage,
       CASE WHEN a.oid IS NOT NULL AND n.oid IS NOT NULL
            THEN pg_catalog.has_schema_privilege(a.oid, n.oid, 'CREATE') END AS schema_create
FROM platform.services AS s
CROSS JOIN LATERAL (VALUES ('admin', s.admin_role), ('app', s.app_role), ('readonly', s.readonly_role))
    AS r (purpose, role_name)
LEFT JOIN pg_catalog.pg_roles AS a ON a.rolname = r.role_name
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.name;
COMMENT ON VIEW platform.service_roles IS
    'Every service''s roles: whether they exist, may log in, and may use or create in the service''s schema';
