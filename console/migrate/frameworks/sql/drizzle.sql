-- record: ForeignLedgerRow
-- interval: 5 min
-- created_at is the journal's `when` in milliseconds, not when it ran; hash is the sha256 of the file.
SELECT created_at::text AS version, hash AS checksum
FROM :"schema".:"table"
ORDER BY created_at, id
