-- $1 the file's name.
DELETE FROM :"schema".:"table"
WHERE id::pg_catalog.text OPERATOR(pg_catalog.=) $1
