-- record: ForeignLedgerRow
-- interval: 5 min
-- dbmate, and Rails.
SELECT version::text AS version
FROM :"schema".:"table" l
ORDER BY l.version
