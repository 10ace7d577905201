-- record: ForeignLedgerRow
-- interval: 5 min
SELECT id::text AS version, applied_at
FROM :"schema".:"table"
ORDER BY id
