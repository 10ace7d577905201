-- dbconsole: no-transaction
-- dbconsole: requires-extension=vector
CREATE INDEX CONCURRENTLY embeddings_embedding_idx ON inference_enhancement.embeddings
    USING hnsw (embedding public.vector_ip_ops) WITH (m = 12, ef_construction = 80);
-- One bit a dimension: the first pass of a search that reorders its finds by the whole vectors.
CREATE INDEX CONCURRENTLY embeddings_embedding_bits_idx ON inference_enhancement.embeddings
    USING hnsw ((public.binary_quantize(embedding)::bit(384)) public.bit_hamming_ops);
CREATE INDEX CONCURRENTLY knowledge_nodes_embedding_idx ON inference_enhancement.knowledge_nodes
    USING hnsw (embedding public.halfvec_cosine_ops) WHERE confidence >= 0.5;
