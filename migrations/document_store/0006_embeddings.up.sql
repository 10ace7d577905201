-- dbconsole: requires-extension=vector
CREATE TABLE document_store.embeddings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES document_store.documents (id) ON DELETE CASCADE,
    chunk_index integer NOT NULL CHECK (chunk_index >= 0),
    chunk_text  text NOT NULL CHECK (chunk_text <> ''),
    token_count integer NOT NULL CHECK (token_count > 0),
    model       text NOT NULL,
    embedding   public.vector(1536) NOT NULL,
    metadata    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_id, chunk_index)
);
CREATE INDEX embeddings_model_idx ON document_store.embeddings (model);
COMMENT ON TABLE document_store.embeddings IS 'Documents cut into chunks, each with its embedding';
COMMENT ON COLUMN document_store.embeddings.chunk_index IS 'From 0, in the order of the text';
COMMENT ON COLUMN document_store.embeddings.embedding IS
    '1536 dimensions, unit length, compared by cosine distance';
COMMENT ON COLUMN document_store.embeddings.metadata IS 'Heading, page, character range';

ALTER TABLE document_store.embeddings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_embeddings ON document_store.embeddings TO document_store_app
    USING (document_id IN (SELECT id FROM document_store.documents));
CREATE POLICY administration ON document_store.embeddings TO document_store_admin USING (true);
CREATE POLICY reporting ON document_store.embeddings FOR SELECT TO document_store_readonly USING (true);
COMMENT ON POLICY tenant_embeddings ON document_store.embeddings IS
    'Of the documents that the tenant sees: the policy of documents holds in the subquery';
