-- $1 service. tern knows the last version alone.
UPDATE :"schema".:"table" SET version = coalesce((
    SELECT pg_catalog.max(m.version::pg_catalog.int4)
    FROM dbconsole.migration AS m
    WHERE m.service OPERATOR(pg_catalog.=) $1 AND m.state OPERATOR(pg_catalog.=) 'applied'), 0)
