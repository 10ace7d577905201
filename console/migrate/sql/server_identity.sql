-- record: ServerIdentity
-- interval: on demand
-- Tells a database of a running server from all others, copies of it too.
SELECT pg_catalog.concat_ws(' ', pg_catalog.pg_postmaster_start_time()::text,
    (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())) AS identity
