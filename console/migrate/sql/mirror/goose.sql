-- $1 version.
INSERT INTO :"schema".:"table" (version_id, is_applied) VALUES ($1::bigint, true)
