-- record: Policy
-- interval: on demand
SELECT
    p.oid,
    p.polname::text AS name,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
        ELSE 'ALL' END AS command,
    p.polpermissive AS is_permissive,
    CASE WHEN p.polroles = '{0}' THEN '{}' ELSE ARRAY(
        SELECT pg_catalog.pg_get_userbyid(u.oid)::text FROM pg_catalog.unnest(p.polroles) u (oid) ORDER BY 1
    ) END AS roles,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS "using",
    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check,
    pg_catalog.obj_description(p.oid, 'pg_policy') AS comment
FROM pg_catalog.pg_policy p
WHERE p.polrelid = %(oid)s::oid
ORDER BY p.polname
