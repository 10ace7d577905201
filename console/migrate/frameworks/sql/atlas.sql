-- record: ForeignLedgerRow
-- interval: 5 min
-- execution_time in nanoseconds. A row that begins with a dot is Atlas's own.
SELECT
    version::text AS version,
    nullif(description, '') AS name,
    CASE
        WHEN applied < total OR coalesce(error, '') <> '' THEN 'failed'
        WHEN type & 1 = 1 THEN 'baseline'
        ELSE 'applied'
    END AS state,
    executed_at AS applied_at,
    nullif(operator_version, '') AS applied_by,
    execution_time / 1e6::float8 AS duration_ms,
    hash AS checksum,
    CASE WHEN applied < total OR coalesce(error, '') <> ''
        THEN format('%s of %s statements: %s', applied, total, error) END AS detail
FROM :"schema".:"table" l
WHERE version NOT LIKE '.%'
ORDER BY l.version
