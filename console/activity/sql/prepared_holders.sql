-- record: PreparedHolder
-- interval: tick
-- Transactions prepared for two-phase commit, which hold their locks without a session. Needs no privilege.
SELECT
    p.gid,
    p.owner::text AS owner,
    p.database::text AS database,
    greatest(0, extract(epoch FROM clock_timestamp() - p.prepared))::float8 AS age_s,
    pg_catalog.age(p.transaction) AS age
FROM pg_catalog.pg_prepared_xacts p
ORDER BY p.prepared
LIMIT 200
