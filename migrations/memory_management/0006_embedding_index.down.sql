-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS memory_management.embeddings_embedding_idx;
