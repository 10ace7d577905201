-- record: ForeignLedgerRow
-- interval: 5 min
SELECT filename AS version, date AS applied_at, hash AS checksum
FROM :"schema".:"table"
ORDER BY filename
