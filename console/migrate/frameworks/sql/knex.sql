-- record: ForeignLedgerRow
-- interval: 5 min
SELECT name::text AS version, 'batch ' || batch AS detail, migration_time AS applied_at
FROM :"schema".:"table"
ORDER BY id
