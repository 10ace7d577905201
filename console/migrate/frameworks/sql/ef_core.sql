-- record: ForeignLedgerRow
-- interval: 5 min
SELECT "MigrationId"::text AS version, 'EF Core ' || "ProductVersion" AS applied_by
FROM :"schema".:"table"
ORDER BY "MigrationId"
