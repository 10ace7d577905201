-- record: ForeignLedgerRow
-- interval: 5 min
-- timestamp is the number in the class's name, when it was written, not when it ran.
SELECT "timestamp"::text AS version, name::text AS name
FROM :"schema".:"table"
ORDER BY "timestamp", id
