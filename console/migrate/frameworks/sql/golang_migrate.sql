-- record: ForeignLedgerRow
-- interval: 5 min
-- No row or one: the version reached, and whether the file behind it failed half-way.
SELECT version::text AS version, CASE WHEN dirty THEN 'failed' ELSE 'applied' END AS state
FROM :"schema".:"table" l
ORDER BY l.version
