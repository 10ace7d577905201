-- dbconsole: requires=platform/0005
CREATE TYPE document_store.document_status AS ENUM ('received', 'parsed', 'embedded', 'failed');
COMMENT ON TYPE document_store.document_status IS 'How far the ingestion of a document is';

CREATE TABLE document_store.projects (
    id          uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    tenant      text NOT NULL CHECK (tenant ~ '^[a-z][a-z0-9-]{1,62}$'),
    name        text NOT NULL CHECK (name <> ''),
    description text NOT NULL DEFAULT '',
    settings    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, name)
);
COMMENT ON TABLE document_store.projects IS 'Collections of documents, each of one tenant';
COMMENT ON COLUMN document_store.projects.settings IS 'Chunk size, overlap, language, embedding model';

CREATE TABLE document_store.documents (
    id           uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    project_id   uuid NOT NULL REFERENCES document_store.projects (id) ON DELETE CASCADE,
    title        text NOT NULL CHECK (title <> ''),
    source_uri   text,
    mime_type    text NOT NULL DEFAULT 'text/plain' CHECK (mime_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
    language     text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}$'),
    content      text NOT NULL,
    content_md5  uuid NOT NULL GENERATED ALWAYS AS (md5(content)::uuid) STORED,
    size_bytes   integer NOT NULL GENERATED ALWAYS AS (octet_length(content)) STORED,
    status       document_store.document_status NOT NULL DEFAULT 'received',
    metadata     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    search       tsvector NOT NULL GENERATED ALWAYS AS (
                     setweight(to_tsvector('pg_catalog.english', title), 'A')
                     || setweight(to_tsvector('pg_catalog.english', left(content, 200000)), 'C')) STORED,
    published_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT documents_same_content_key UNIQUE (project_id, content_md5)
);
CREATE INDEX documents_project_id_created_at_idx ON document_store.documents (project_id, created_at DESC);
CREATE INDEX documents_unfinished_idx ON document_store.documents (created_at) WHERE status IN ('received', 'parsed');
COMMENT ON TABLE document_store.documents IS 'Documents as received, with their text';
COMMENT ON COLUMN document_store.documents.content_md5 IS
    'The same text twice in a project is refused; no security in it';
COMMENT ON COLUMN document_store.documents.search IS 'Full text: title weighs A, the first 200,000 characters C';

CREATE TABLE document_store.document_tags (
    document_id uuid NOT NULL REFERENCES document_store.documents (id) ON DELETE CASCADE,
    tag         text NOT NULL CHECK (tag ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    PRIMARY KEY (document_id, tag)
);
CREATE INDEX document_tags_tag_idx ON document_store.document_tags (tag, document_id);
COMMENT ON TABLE document_store.document_tags IS 'Free tags of documents';

CREATE TABLE document_store.ingestion_jobs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id     uuid NOT NULL REFERENCES document_store.documents (id) ON DELETE CASCADE,
    step            text NOT NULL CHECK (step IN ('parse', 'chunk', 'embed')),
    status          text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'done', 'failed')),
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 10),
    worker          text,
    error_message   text,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_id, step),
    CONSTRAINT ingestion_jobs_finished_check CHECK ((status IN ('done', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX ingestion_jobs_waiting_idx ON document_store.ingestion_jobs (next_attempt_at, id) WHERE status = 'waiting';
COMMENT ON TABLE document_store.ingestion_jobs IS 'The queue of what is to be done with documents';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON document_store.projects
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON document_store.documents
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON document_store.ingestion_jobs
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
