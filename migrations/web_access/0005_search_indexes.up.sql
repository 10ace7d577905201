-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY search_history_query_idx ON web_access.search_history
    USING gin (to_tsvector('pg_catalog.simple', query));
CREATE INDEX CONCURRENTLY search_history_results_idx ON web_access.search_history USING gin (results jsonb_path_ops);
CREATE INDEX CONCURRENTLY screenshots_metadata_idx ON web_access.screenshots USING gin (metadata jsonb_path_ops);
CREATE INDEX CONCURRENTLY cache_entries_url_idx ON web_access.cache_entries USING hash (url);
