-- dbconsole: no-transaction
-- dbconsole: requires-extension=pg_trgm
CREATE INDEX CONCURRENTLY documents_title_trgm_idx ON documentation.documents USING gin (title public.gin_trgm_ops);
