-- record: RiskyOverride
-- interval: 5 min
-- Settings by which commits or damage go unseen, where they are set for a role or a database (ALTER ROLE or DATABASE ...
-- SET): who connects so has them whatever the server's configuration says. Template and other databases are named too.
SELECT
    d.datname::text AS database,
    r.rolname::text AS role,
    pg_catalog.split_part(c.entry, '=', 1) AS name,
    pg_catalog.substr(c.entry, pg_catalog.strpos(c.entry, '=') + 1) AS setting
FROM pg_catalog.pg_db_role_setting s
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) AS c(entry)
WHERE c.entry IN ('synchronous_commit=off', 'zero_damaged_pages=on', 'ignore_checksum_failure=on')
ORDER BY name, database NULLS FIRST, role NULLS FIRST
LIMIT 20
