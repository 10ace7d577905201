-- record: ForeignLedgerRow
-- interval: 5 min
-- Before River had several lines.
SELECT version::text AS version, created_at AS applied_at
FROM :"schema".:"table" l
ORDER BY l.version
