-- record: LockRow
-- interval: 5 min
SELECT locked = 1 AS is_held, 'process ' || pid AS holder, ctime AT TIME ZONE 'UTC' AS since
FROM :"schema".:"table"
