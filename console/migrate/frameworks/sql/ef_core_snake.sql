-- record: ForeignLedgerRow
-- interval: 5 min
-- EF Core with the snake-case naming plugin.
SELECT migration_id::text AS version, 'EF Core ' || product_version AS applied_by
FROM :"schema".:"table"
ORDER BY migration_id
