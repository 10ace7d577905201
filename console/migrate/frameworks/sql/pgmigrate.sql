-- record: ForeignLedgerRow
-- interval: 5 min
SELECT
    version::text AS version,
    description::text AS name,
    installed_on::timestamptz AS applied_at,
    installed_by::text AS applied_by,
    type::text AS detail
FROM :"schema".:"table" l
ORDER BY l.version
