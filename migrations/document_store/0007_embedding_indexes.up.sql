-- dbconsole: no-transaction
-- dbconsole: requires-extension=vector
-- The whole vectors, and the same at half precision: half the size, nearly the same recall.
CREATE INDEX CONCURRENTLY embeddings_embedding_idx ON document_store.embeddings
    USING hnsw (embedding public.vector_cosine_ops) WITH (m = 16, ef_construction = 128);
CREATE INDEX CONCURRENTLY embeddings_embedding_half_idx ON document_store.embeddings
    USING hnsw ((embedding::public.halfvec(1536)) public.halfvec_cosine_ops) WITH (m = 16, ef_construction = 64);
