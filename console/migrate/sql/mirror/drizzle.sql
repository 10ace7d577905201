-- $1 SHA-256 of the file, in hexadecimal digits; $2 the journal's time, in milliseconds.
INSERT INTO :"schema".:"table" (hash, created_at) VALUES ($1, $2::pg_catalog.int8)
