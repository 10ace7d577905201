-- record: ForeignLedgerRow
-- interval: 5 min
SELECT name::text AS version
FROM :"schema".:"table"
ORDER BY name
