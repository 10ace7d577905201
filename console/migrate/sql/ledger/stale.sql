-- $1-2 service, version of a repeatable file that has to be run again.
UPDATE dbconsole.migration SET checksum_up = 'stale'
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
