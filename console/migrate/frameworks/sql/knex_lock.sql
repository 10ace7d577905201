-- record: LockRow
-- interval: 5 min
SELECT is_locked = 1 AS is_held
FROM :"schema".:"table"
