-- dbconsole: no-transaction
-- dbconsole: requires-extension=pg_trgm
-- Searches that look like this one, for suggestions.
CREATE INDEX CONCURRENTLY search_history_query_trgm_idx ON web_access.search_history
    USING gist (query public.gist_trgm_ops);
