-- record: ForeignLedgerRow
-- interval: 5 min
SELECT name::text AS version, run_on::timestamptz AS applied_at
FROM :"schema".:"table"
ORDER BY run_on, id
