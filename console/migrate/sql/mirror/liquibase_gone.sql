-- $1 id; $2 author; $3 file.
DELETE FROM :"schema".:"table"
WHERE id::pg_catalog.text OPERATOR(pg_catalog.=) $1 AND author::pg_catalog.text OPERATOR(pg_catalog.=) $2
    AND filename::pg_catalog.text OPERATOR(pg_catalog.=) $3
