-- $1 id; $2 author; $3 file.
DELETE FROM :"schema".:"table"
WHERE id::text OPERATOR(pg_catalog.=) $1 AND author::text OPERATOR(pg_catalog.=) $2
    AND filename::text OPERATOR(pg_catalog.=) $3
