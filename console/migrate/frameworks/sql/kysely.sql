-- record: ForeignLedgerRow
-- interval: 5 min
-- timestamp is text in ISO 8601.
SELECT name::text AS version, "timestamp"::timestamptz AS applied_at
FROM :"schema".:"table"
ORDER BY "timestamp", name
