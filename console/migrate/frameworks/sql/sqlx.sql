-- record: ForeignLedgerRow
-- interval: 5 min
-- execution_time in nanoseconds; -1 until the migration has ended.
SELECT
    version::text AS version,
    description AS name,
    CASE WHEN success THEN 'applied' ELSE 'failed' END AS state,
    installed_on AS applied_at,
    nullif(execution_time, -1) / 1e6::float8 AS duration_ms,
    encode(checksum, 'hex') AS checksum
FROM :"schema".:"table" l
ORDER BY l.version
