-- record: ForeignLedgerRow
-- interval: 5 min
SELECT version::text AS version, run_on::timestamptz AS applied_at
FROM :"schema".:"table" l
ORDER BY l.version
