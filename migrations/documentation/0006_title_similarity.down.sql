-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS documentation.documents_title_trgm_idx;
