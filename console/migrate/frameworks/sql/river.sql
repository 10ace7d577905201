-- record: ForeignLedgerRow
-- interval: 5 min
SELECT version::text AS version, line, created_at AS applied_at
FROM :"schema".:"table"
ORDER BY line, :"schema".:"table".version
