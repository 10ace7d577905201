-- record: ForeignLedgerRow
-- interval: 5 min
SELECT migration_id::text AS version, applied_at_utc AT TIME ZONE 'UTC' AS applied_at
FROM :"schema".:"table"
ORDER BY applied_at_utc, migration_id
