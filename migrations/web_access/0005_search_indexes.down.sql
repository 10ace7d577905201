-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS web_access.cache_entries_url_idx;
DROP INDEX CONCURRENTLY IF EXISTS web_access.screenshots_metadata_idx;
DROP INDEX CONCURRENTLY IF EXISTS web_access.search_history_results_idx;
DROP INDEX CONCURRENTLY IF EXISTS web_access.search_history_query_idx;
