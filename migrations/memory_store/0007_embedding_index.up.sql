-- dbconsole: no-transaction
-- dbconsole: requires-extension=vector
-- ivfflat finds its lists in the rows that are there: after a first bulk load, REINDEX INDEX CONCURRENTLY.
CREATE INDEX CONCURRENTLY memories_embedding_idx ON memory_store.memories
    USING ivfflat (embedding public.vector_cosine_ops) WITH (lists = 50);
