-- record: LedgerRow
-- interval: on demand
-- The ledger, in the order of application. Asked only where dbconsole.migration exists.
SELECT service, version, name, state, direction, checksum_up, raw_checksum_up, statements_done, statements_total,
    error, rank, applied_at, applied_by, duration_ms
FROM dbconsole.migration
ORDER BY rank
