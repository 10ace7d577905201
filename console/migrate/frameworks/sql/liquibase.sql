-- record: ForeignLedgerRow
-- interval: 5 min
SELECT
    id::text AS version,
    filename || '::' || author AS name,
    CASE exectype WHEN 'FAILED' THEN 'failed' WHEN 'SKIPPED' THEN 'reverted' ELSE 'applied' END AS state,
    dateexecuted::timestamptz AS applied_at,
    author::text AS applied_by,
    md5sum::text AS checksum,
    nullif(description, '') AS detail
FROM :"schema".:"table"
ORDER BY orderexecuted
