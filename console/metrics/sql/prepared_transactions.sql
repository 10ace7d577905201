-- record: PreparedTransaction
-- interval: 30 s
SELECT
    p.gid,
    p.owner::text AS owner,
    p.database::text AS database,
    greatest(0, extract(epoch FROM clock_timestamp() - p.prepared))::float8 AS age_s,
    count(*) OVER () AS prepared
FROM pg_catalog.pg_prepared_xacts p
ORDER BY p.prepared
LIMIT 20
