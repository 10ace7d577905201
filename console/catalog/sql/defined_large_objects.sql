-- record: Definition
-- interval: on demand
-- Large objects that somebody has granted or described; what they hold is data.
SELECT
    'pg_largeobject_metadata' AS catalog,
    l.oid,
    'LARGE OBJECT' AS kind,
    NULL::text AS schema,
    l.oid::text AS name,
    pg_catalog.pg_get_userbyid(l.lomowner)::text AS owner,
    'LARGE OBJECT' AS grant_clause,
    ARRAY[pg_catalog.format('SELECT pg_catalog.lo_create(%s)', l.oid)] AS statements,
    pg_catalog.obj_description(l.oid, 'pg_largeobject') AS comment
FROM pg_catalog.pg_largeobject_metadata l
WHERE l.lomacl IS NOT NULL OR pg_catalog.obj_description(l.oid, 'pg_largeobject') IS NOT NULL
ORDER BY l.oid
