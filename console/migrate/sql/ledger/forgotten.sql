-- $1-2 service, version.
DELETE FROM dbconsole.migration
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
