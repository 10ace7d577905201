-- $1 the file's name.
DELETE FROM :"schema".:"table"
WHERE id::text OPERATOR(pg_catalog.=) $1
