-- dbconsole: requires=platform/0004
CREATE TYPE documentation.document_kind AS ENUM ('guide', 'tutorial', 'reference', 'explanation', 'changelog', 'runbook');
COMMENT ON TYPE documentation.document_kind IS 'What a document is for';

CREATE TABLE documentation.projects (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug           text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name           text NOT NULL,
    description    text NOT NULL DEFAULT '',
    repository_url text,
    languages      text[] NOT NULL DEFAULT '{en}',
    settings       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE documentation.projects IS 'What is documented';

CREATE TABLE documentation.documents (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   bigint NOT NULL REFERENCES documentation.projects (id) ON DELETE CASCADE,
    parent_id    bigint REFERENCES documentation.documents (id) ON DELETE SET NULL,
    kind         documentation.document_kind NOT NULL,
    path         text NOT NULL CHECK (path ~ '^[a-z0-9/_.-]+$'),
    title        text NOT NULL CHECK (title <> ''),
    body         text NOT NULL,
    language     text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}$'),
    status       text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'review', 'published', 'outdated')),
    word_count   integer NOT NULL DEFAULT 0 CHECK (word_count >= 0),
    front_matter jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(front_matter) = 'object'),
    search       tsvector NOT NULL GENERATED ALWAYS AS (
                     setweight(to_tsvector('pg_catalog.english', title), 'A')
                     || setweight(to_tsvector('pg_catalog.english', left(body, 200000)), 'B')) STORED,
    revision     integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    published_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, language, path),
    CHECK (parent_id <> id),
    CONSTRAINT documents_published_check CHECK (status <> 'published' OR published_at IS NOT NULL)
);
CREATE INDEX documents_parent_id_idx ON documentation.documents (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX documents_kind_idx ON documentation.documents (project_id, kind, updated_at DESC);
COMMENT ON TABLE documentation.documents IS 'Pages of documentation, in Markdown';
COMMENT ON COLUMN documentation.documents.revision IS 'From 1; kept by a trigger';

CREATE TABLE documentation.document_revisions (
    document_id bigint NOT NULL REFERENCES documentation.documents (id) ON DELETE CASCADE,
    revision    integer NOT NULL,
    title       text NOT NULL,
    body        text NOT NULL,
    replaced_by text NOT NULL DEFAULT session_user,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (document_id, revision)
);
COMMENT ON TABLE documentation.document_revisions IS 'Earlier revisions of documents; written by a trigger';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON documentation.projects
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON documentation.documents
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
