-- record: KeptDatabase
-- interval: on demand
-- Databases that a verify has kept for the next one, with whether somebody is connected to them.
SELECT
    d.datname::text AS name,
    pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
    EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datname = d.datname) AS is_in_use
FROM pg_catalog.pg_database AS d
WHERE d.datname ~ '^dbconsole_verify_[0-9a-f]{16}$'
  AND pg_catalog.pg_has_role(d.datdba, 'MEMBER')
