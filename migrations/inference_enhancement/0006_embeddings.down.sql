-- dbconsole: lock-timeout=3s
ALTER TABLE inference_enhancement.knowledge_nodes DROP COLUMN embedding;
DROP TABLE inference_enhancement.embeddings;
