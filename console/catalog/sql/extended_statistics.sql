-- record: ExtendedStatistics
-- interval: on demand
SELECT
    s.oid,
    n.nspname::text AS schema,
    s.stxname::text AS name,
    pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition,
    nullif(s.stxstattarget, -1)::int AS statistics_target,
    pg_catalog.pg_get_userbyid(s.stxowner)::text AS owner,
    pg_catalog.obj_description(s.oid, 'pg_statistic_ext') AS comment
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE s.stxrelid = %(oid)s::oid
ORDER BY n.nspname, s.stxname
