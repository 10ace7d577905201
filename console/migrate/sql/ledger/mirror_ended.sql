-- $1 service.
DELETE FROM dbconsole.mirror
WHERE service OPERATOR(pg_catalog.=) $1
