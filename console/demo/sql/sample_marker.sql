-- record: SampleMarker
-- interval: on demand
-- What the comment of this database says, in which the load of the sample data leaves its version.
SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
