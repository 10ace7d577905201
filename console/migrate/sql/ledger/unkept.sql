-- $1-2 service, version of a repeatable file whose runs are of no use any more.
DELETE FROM dbconsole.repeatable
WHERE service OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
