-- $1-3 service, version, name; $4 event; $5 detail; $6 checksum; $7 milliseconds; $8-10 OS user, host, tool version.
INSERT INTO dbconsole.migration_event (service, version, name, event, detail, checksum, duration_ms, os_user, host,
    tool_version)
VALUES ($1, $2, $3, $4, $5, $6, $7::pg_catalog.float8, $8, $9, $10)
