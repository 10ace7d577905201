-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only one of them.
DROP INDEX CONCURRENTLY IF EXISTS document_store.embeddings_embedding_half_idx;
DROP INDEX CONCURRENTLY IF EXISTS document_store.embeddings_embedding_idx;
