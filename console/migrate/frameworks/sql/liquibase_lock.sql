-- record: LockRow
-- interval: 5 min
SELECT locked AS is_held, lockedby::text AS holder, lockgranted::timestamptz AS since
FROM :"schema".:"table"
