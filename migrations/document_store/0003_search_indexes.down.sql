-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS document_store.documents_metadata_idx;
DROP INDEX CONCURRENTLY IF EXISTS document_store.documents_search_idx;
