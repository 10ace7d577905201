-- record: LockRow
-- interval: 5 min
SELECT is_locked = 1 AS is_held, id::text AS holder
FROM :"schema".:"table"
