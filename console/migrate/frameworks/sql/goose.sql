-- record: ForeignLedgerRow
-- interval: 5 min
-- One row for each run up, in old versions also for each run down: the newest of a version holds. Version 0
-- is goose's own beginning.
SELECT
    g.version_id::text AS version,
    CASE WHEN g.is_applied THEN 'applied' ELSE 'reverted' END AS state,
    g.tstamp::timestamptz AS applied_at
FROM :"schema".:"table" g
WHERE g.version_id <> 0
    AND NOT EXISTS (SELECT FROM :"schema".:"table" n WHERE n.version_id = g.version_id AND n.id > g.id)
ORDER BY g.version_id
