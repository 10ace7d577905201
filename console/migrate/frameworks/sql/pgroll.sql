-- record: ForeignLedgerRow
-- interval: 5 min
-- Not done: started, both versions of the schema are there, `pgroll complete` or `rollback` is due.
SELECT
    name::text AS version,
    schema::text AS line,
    CASE WHEN done THEN 'applied' ELSE 'running' END AS state,
    created_at::timestamptz AS applied_at
FROM :"schema".:"table"
ORDER BY created_at
