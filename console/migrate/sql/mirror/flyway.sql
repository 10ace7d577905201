-- $1 version, NULL for a repeatable file; $2 description; $3 type; $4 script; $5 checksum, a CRC32.
INSERT INTO :"schema".:"table" (installed_rank, version, description, type, script, checksum, installed_by,
    installed_on, execution_time, success)
SELECT coalesce(pg_catalog.max(h.installed_rank), 0) OPERATOR(pg_catalog.+) 1, $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.text,
    $5::pg_catalog.int4, current_user, pg_catalog.now(),
    (extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
        OPERATOR(pg_catalog.*) 1000)::pg_catalog.int4, true
FROM :"schema".:"table" AS h
