-- dbconsole: requires-extension=vector
CREATE TABLE memory_management.embeddings (
    memory_node_id bigint NOT NULL REFERENCES memory_management.memory_nodes (id) ON DELETE CASCADE,
    model          text NOT NULL,
    embedding      public.vector(384) NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (memory_node_id, model)
);
COMMENT ON TABLE memory_management.embeddings IS 'Embeddings of memory nodes, one per model';
COMMENT ON COLUMN memory_management.embeddings.embedding IS '384 dimensions, compared by Euclidean distance';
