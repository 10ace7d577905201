-- $1 version; $2 description; $3 SHA-384 of the file, in hexadecimal digits. execution_time in nanoseconds.
INSERT INTO :"schema".:"table" (version, description, installed_on, success, checksum, execution_time)
VALUES ($1::pg_catalog.int8, $2, pg_catalog.now(), true, pg_catalog.decode($3, 'hex'),
    (extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
        OPERATOR(pg_catalog.*) 1000000000)::pg_catalog.int8)
