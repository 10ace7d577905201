-- dbconsole: no-transaction
-- dbconsole: requires-extension=vector
CREATE INDEX CONCURRENTLY embeddings_embedding_idx ON memory_management.embeddings
    USING hnsw (embedding public.vector_l2_ops) WITH (m = 24, ef_construction = 128);
