-- $1 the directory's name; $2 SHA-256 of its file, in hexadecimal digits.
INSERT INTO :"schema".:"table" (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
VALUES (pg_catalog.gen_random_uuid(), $2, pg_catalog.clock_timestamp(), $1, pg_catalog.now(), 1)
