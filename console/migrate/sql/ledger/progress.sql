-- $1-3 service, version, name; $4 state; $5 direction; $6-8 checksums up, down, up raw; $9 done, $10 total, $11 hashes;
-- $12 error; $13 milliseconds so far; $14-16 OS user, host, tool version.
INSERT INTO dbconsole.migration AS m (service, version, name, state, direction, checksum_up, checksum_down,
    raw_checksum_up, statements_done, statements_total, statement_hashes, error, duration_ms, os_user, host,
    tool_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::int, $10::int, $11::pg_catalog.text[], $12, $13::pg_catalog.float8,
    $14, $15, $16)
ON CONFLICT (service, version) DO UPDATE SET
    state = excluded.state, direction = excluded.direction, checksum_up = excluded.checksum_up,
    checksum_down = excluded.checksum_down, raw_checksum_up = excluded.raw_checksum_up,
    statements_done = excluded.statements_done, statements_total = excluded.statements_total,
    statement_hashes = excluded.statement_hashes, error = excluded.error, duration_ms = excluded.duration_ms,
    applied_at = pg_catalog.clock_timestamp(), applied_by = SESSION_USER, os_user = excluded.os_user,
    host = excluded.host, application = pg_catalog.current_setting('application_name'),
    tool_version = excluded.tool_version
