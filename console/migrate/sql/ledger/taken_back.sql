-- $1-2 service, version. The newest run of a repeatable file is out: the row that it had replaced is there again.
WITH taken AS (
    DELETE FROM dbconsole.repeatable AS r
    WHERE r.id OPERATOR(pg_catalog.=) (
        SELECT pg_catalog.max(n.id) FROM dbconsole.repeatable AS n
        WHERE n.service OPERATOR(pg_catalog.=) $1 AND n.version OPERATOR(pg_catalog.=) $2)
    RETURNING r.previous OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('service', $1::pg_catalog.text) AS previous
)
INSERT INTO dbconsole.migration OVERRIDING SYSTEM VALUE
SELECT (pg_catalog.jsonb_populate_record(NULL::dbconsole.migration, t.previous)).*
FROM taken AS t
WHERE t.previous IS NOT NULL
