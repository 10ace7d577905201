-- record: ForeignLedgerRow
-- interval: 5 min
-- Exactly one row: the number of the last file.
SELECT version::text AS version
FROM :"schema".:"table"
