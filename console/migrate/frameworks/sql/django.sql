-- record: ForeignLedgerRow
-- interval: 5 min
SELECT name::text AS version, app::text AS line, applied AS applied_at
FROM :"schema".:"table"
ORDER BY id
