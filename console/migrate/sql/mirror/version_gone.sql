-- $1 version. dbmate, Diesel and sqlx.
DELETE FROM :"schema".:"table"
WHERE version::pg_catalog.text OPERATOR(pg_catalog.=) $1
