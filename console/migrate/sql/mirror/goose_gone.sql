-- $1 version. goose takes all rows of it out.
DELETE FROM :"schema".:"table"
WHERE version_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8
