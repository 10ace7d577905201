-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only one of them.
DROP INDEX CONCURRENTLY IF EXISTS memory_store.memories_content_idx;
DROP INDEX CONCURRENTLY IF EXISTS memory_store.memories_metadata_idx;
