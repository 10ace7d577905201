-- $1 description. The run before is the last again.
DELETE FROM :"schema".:"table"
WHERE installed_rank OPERATOR(pg_catalog.=) (
    SELECT pg_catalog.max(h.installed_rank) FROM :"schema".:"table" AS h
    WHERE h.version IS NULL AND h.description::pg_catalog.text OPERATOR(pg_catalog.=) $1)
