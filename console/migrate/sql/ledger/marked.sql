-- $1-3 service, version, name; $4-6 checksums up, down, up raw; $7-9 OS user, host, tool version;
-- $10 since when, NULL for now.
INSERT INTO dbconsole.migration AS m (service, version, name, state, direction, checksum_up, checksum_down,
    raw_checksum_up, statements_done, statements_total, statement_hashes, os_user, host, duration_ms, tool_version,
    applied_at)
VALUES ($1, $2, $3, 'applied', 'up', $4, $5, $6, 0, 0, '{}', $7, $8, 0, $9,
    coalesce($10::pg_catalog.timestamptz, pg_catalog.clock_timestamp()))
ON CONFLICT (service, version) DO UPDATE SET
    state = 'applied', direction = 'up', checksum_up = excluded.checksum_up, checksum_down = excluded.checksum_down,
    raw_checksum_up = excluded.raw_checksum_up, error = NULL
