-- record: Autovacuum
-- interval: 30 s
SELECT
    count(*) AS workers,
    pg_catalog.current_setting('autovacuum_max_workers')::int4 AS max_workers,
    pg_catalog.current_setting('autovacuum')::bool AND pg_catalog.current_setting('track_counts')::bool AS is_enabled,
    (SELECT max(pg_catalog.age(d.datfrozenxid)) FROM pg_catalog.pg_database d) AS oldest_transaction_age,
    (SELECT max(pg_catalog.mxid_age(d.datminmxid)) FROM pg_catalog.pg_database d) AS oldest_multixact_age,
    pg_catalog.current_setting('autovacuum_freeze_max_age')::int4 AS freeze_max_age
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_type = 'autovacuum worker'
