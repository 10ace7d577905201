-- $1-2 service, version; $3 the name from now on; $4-6 checksums up, down, up raw.
UPDATE dbconsole.migration
SET name = $3, checksum_up = $4, checksum_down = $5, raw_checksum_up = $6, direction = 'up', error = NULL
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
