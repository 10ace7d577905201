-- record: DatabaseSize
-- interval: 5 min
-- Asks the file system for every file of the database: slow with tens of thousands of tables.
SELECT d.datname::text AS database, pg_catalog.pg_database_size(d.oid) AS total_bytes
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
