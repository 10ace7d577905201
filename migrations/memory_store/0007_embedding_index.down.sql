-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS memory_store.memories_embedding_idx;
