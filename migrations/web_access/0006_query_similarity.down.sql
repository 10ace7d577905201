-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS web_access.search_history_query_trgm_idx;
