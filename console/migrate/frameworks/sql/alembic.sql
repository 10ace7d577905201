-- record: ForeignLedgerRow
-- interval: 5 min
-- The heads: one row, or one for each branch. What was applied before them is in the files alone.
SELECT version_num::text AS version
FROM :"schema".:"table"
ORDER BY version_num
