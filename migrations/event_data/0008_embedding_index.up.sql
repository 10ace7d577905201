-- dbconsole: no-transaction
-- dbconsole: requires-extension=vector
CREATE INDEX CONCURRENTLY events_embedding_idx ON event_data.events
    USING hnsw (embedding public.vector_cosine_ops);
