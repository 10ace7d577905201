-- $1-3 service, version, direction.
DELETE FROM dbconsole.batch_progress
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2 AND direction OPERATOR(pg_catalog.=) $3
