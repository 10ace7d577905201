-- $1-2 service, version; $3 the service's other name.
UPDATE dbconsole.repeatable SET service = $3
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
