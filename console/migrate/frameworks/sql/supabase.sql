-- record: ForeignLedgerRow
-- interval: 5 min
SELECT version::text AS version, name::text AS name
FROM :"schema".:"table" l
ORDER BY l.version
