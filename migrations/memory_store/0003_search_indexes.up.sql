-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY memories_metadata_idx ON memory_store.memories USING gin (metadata);
CREATE INDEX CONCURRENTLY memories_content_idx ON memory_store.memories
    USING gin (to_tsvector('pg_catalog.english', content));
