-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.knowledge_nodes_embedding_idx;
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.embeddings_embedding_bits_idx;
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.embeddings_embedding_idx;
