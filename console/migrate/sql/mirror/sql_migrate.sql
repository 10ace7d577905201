-- $1 the file's name.
INSERT INTO :"schema".:"table" (id, applied_at) VALUES ($1, pg_catalog.now())
