-- record: ForeignLedgerRow
-- interval: 5 min
-- Undone and deleted versions have a later row that says so. A row without version is a repeatable one.
-- Rank 0 marks the schema that Flyway created.
SELECT
    coalesce(h.version, h.script)::text AS version,
    h.description::text AS name,
    CASE
        WHEN NOT h.success THEN 'failed'
        WHEN h.type LIKE 'UNDO%' OR h.type = 'DELETE' OR EXISTS (
            SELECT FROM :"schema".:"table" u
            WHERE u.version = h.version AND u.installed_rank > h.installed_rank AND u.success
                AND (u.type LIKE 'UNDO%' OR u.type = 'DELETE')
        ) THEN 'reverted'
        WHEN h.version IS NULL THEN 'repeatable'
        WHEN h.type = 'BASELINE' THEN 'baseline'
        ELSE 'applied'
    END AS state,
    h.installed_on::timestamptz AS applied_at,
    h.installed_by::text AS applied_by,
    h.execution_time::float8 AS duration_ms,
    h.checksum::text AS checksum,
    h.type::text AS detail
FROM :"schema".:"table" h
WHERE h.installed_rank > 0
ORDER BY h.installed_rank
