-- record: ForeignLedgerRow
-- interval: 5 min
-- Unfinished and not rolled back: it failed, and Prisma refuses to go on until `migrate resolve`.
SELECT
    migration_name::text AS version,
    CASE
        WHEN rolled_back_at IS NOT NULL THEN 'reverted'
        WHEN finished_at IS NULL THEN 'failed'
        ELSE 'applied'
    END AS state,
    coalesce(finished_at, started_at) AS applied_at,
    extract(epoch FROM finished_at - started_at)::float8 * 1000 AS duration_ms,
    checksum::text AS checksum,
    nullif(logs, '') AS detail
FROM :"schema".:"table"
ORDER BY started_at, migration_name
