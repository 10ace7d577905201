-- record: ForeignLedgerRow
-- interval: 5 min
SELECT version::text AS version, inserted_at AT TIME ZONE 'UTC' AS applied_at
FROM :"schema".:"table" l
ORDER BY l.version
