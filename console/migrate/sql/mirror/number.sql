-- $1 service. golang-migrate knows the last version alone, no row where there is none.
INSERT INTO :"schema".:"table" (version, dirty)
SELECT pg_catalog.max(m.version::pg_catalog.int8), false
FROM dbconsole.migration AS m
WHERE m.service OPERATOR(pg_catalog.=) $1 AND m.state OPERATOR(pg_catalog.=) 'applied'
HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
