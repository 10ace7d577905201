-- $1-3 service, version, name; $4 checksum of the down file; $5-7 OS user, host, tool version.
WITH event AS (
    INSERT INTO dbconsole.migration_event (service, version, name, event, checksum, duration_ms, os_user, host,
        tool_version)
    VALUES ($1, $2, $3, 'reverted', $4,
        extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
            OPERATOR(pg_catalog.*) 1000, $5, $6, $7)
)
DELETE FROM dbconsole.migration
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
