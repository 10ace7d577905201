-- dbconsole: requires-extension=vector
-- dbconsole: lock-timeout=3s
CREATE TABLE inference_enhancement.embeddings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id    bigint NOT NULL REFERENCES inference_enhancement.models (id) ON DELETE CASCADE,
    source_type text NOT NULL CHECK (source_type IN ('article', 'ticket', 'wiki', 'chat', 'manual')),
    source_id   text NOT NULL,
    content     text NOT NULL CHECK (content <> ''),
    metadata    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    embedding   public.vector(384) NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model_id, source_type, source_id)
);
COMMENT ON TABLE inference_enhancement.embeddings IS 'Passages that can enrich a prompt, with their embeddings';
COMMENT ON COLUMN inference_enhancement.embeddings.embedding IS
    '384 dimensions, unit length, compared by inner product: of unit vectors the order is that of cosine distance';

ALTER TABLE inference_enhancement.knowledge_nodes ADD COLUMN embedding public.halfvec(384);
COMMENT ON COLUMN inference_enhancement.knowledge_nodes.embedding IS
    'Of name and description, 384 dimensions at half precision, compared by cosine distance; NULL until computed';
