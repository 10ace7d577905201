-- $1 version.
INSERT INTO :"schema".:"table" (version_id, is_applied) VALUES ($1::pg_catalog.int8, true)
