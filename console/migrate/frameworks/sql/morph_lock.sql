-- record: LockRow
-- interval: 5 min
-- A lease: held until expireat (seconds since 1970) has passed.
SELECT expireat > extract(epoch FROM now()) AS is_held, id::text AS holder
FROM :"schema".:"table"
