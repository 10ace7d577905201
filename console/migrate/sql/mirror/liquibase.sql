-- $1 id; $2 author; $3 file. Liquibase writes the checksum itself where there is none.
INSERT INTO :"schema".:"table" (id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, description,
    comments)
SELECT $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, pg_catalog.now(),
    coalesce(pg_catalog.max(l.orderexecuted), 0) OPERATOR(pg_catalog.+) 1, 'EXECUTED', NULL, 'sql', ''
FROM :"schema".:"table" AS l
