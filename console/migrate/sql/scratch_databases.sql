-- record: ScratchRow
-- interval: on demand
-- Databases that a verify or drift has made, with whether that run's own session is still there.
SELECT
    d.datname::text AS name,
    pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
    EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a
            WHERE a.application_name LIKE '% ' || pg_catalog.split_part(d.datname, '_', 3)
               OR (a.datname = d.datname AND a.pid <> pg_catalog.pg_backend_pid())) AS is_in_use
FROM pg_catalog.pg_database AS d
WHERE d.datname ~ '^dbconsole_scratch_[0-9a-f]{8}_[0-9]+$'
  AND pg_catalog.pg_has_role(d.datdba, 'MEMBER')
