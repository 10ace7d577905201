-- record: FreezeAge
-- interval: 30 s
-- The ten databases that are nearest to wraparound, templates included: they wrap, too.
SELECT
    d.datname::text AS database,
    pg_catalog.age(d.datfrozenxid) AS transaction_age,
    pg_catalog.mxid_age(d.datminmxid) AS multixact_age,
    pg_catalog.current_setting('autovacuum_freeze_max_age')::int AS freeze_max_age
FROM pg_catalog.pg_database d
ORDER BY greatest(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) DESC
LIMIT 10
