-- $1-3 service, version, name; $4-6 checksums up, down, up raw; $7 statements; $8-10 OS user, host, tool version.
-- now() is when the file's transaction began.
WITH event AS (
    INSERT INTO dbconsole.migration_event (service, version, name, event, checksum, duration_ms, os_user, host,
        tool_version)
    VALUES ($1, $2, $3, 'applied', $4,
        extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
            OPERATOR(pg_catalog.*) 1000, $8, $9, $10)
)
INSERT INTO dbconsole.migration (service, version, name, state, direction, checksum_up, checksum_down, raw_checksum_up,
    statements_done, statements_total, statement_hashes, os_user, host, duration_ms, tool_version)
VALUES ($1, $2, $3, 'applied', 'up', $4, $5, $6, $7::int, $7::int, '{}', $8, $9,
    extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
        OPERATOR(pg_catalog.*) 1000, $10)
