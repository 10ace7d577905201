-- record: ForeignLedgerRow
-- interval: 5 min
SELECT migration::text AS version, 'batch ' || batch AS detail
FROM :"schema".:"table"
ORDER BY id
