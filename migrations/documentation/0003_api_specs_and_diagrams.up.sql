-- dbconsole: requires=platform/0004
CREATE TABLE documentation.api_specs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id    bigint NOT NULL REFERENCES documentation.projects (id) ON DELETE CASCADE,
    title         text NOT NULL,
    version       text NOT NULL CHECK (version ~ '^[0-9]+\.[0-9]+\.[0-9]+'),
    format        text NOT NULL CHECK (format IN ('openapi', 'asyncapi', 'graphql', 'protobuf')),
    specification jsonb NOT NULL CHECK (jsonb_typeof(specification) = 'object'),
    is_current    boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, title, version)
);
CREATE UNIQUE INDEX api_specs_current_key ON documentation.api_specs (project_id, title) WHERE is_current;
COMMENT ON TABLE documentation.api_specs IS 'Specifications of interfaces, every version';
COMMENT ON INDEX documentation.api_specs_current_key IS 'At most one version of a specification is current';

CREATE TABLE documentation.api_endpoints (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    api_spec_id bigint NOT NULL REFERENCES documentation.api_specs (id) ON DELETE CASCADE,
    document_id bigint REFERENCES documentation.documents (id) ON DELETE SET NULL,
    method        text NOT NULL CHECK (method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'SUBSCRIBE')),
    path        text NOT NULL CHECK (path ~ '^/'),
    summary     text NOT NULL DEFAULT '',
    parameters  jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(parameters) = 'array'),
    is_deprecated boolean NOT NULL DEFAULT false,
    UNIQUE (api_spec_id, path, method)
);
CREATE INDEX api_endpoints_document_id_idx ON documentation.api_endpoints (document_id) WHERE document_id IS NOT NULL;
CREATE INDEX api_endpoints_undocumented_idx ON documentation.api_endpoints (api_spec_id)
    WHERE document_id IS NULL AND NOT is_deprecated;
COMMENT ON TABLE documentation.api_endpoints IS
    'Operations of a specification, and the document that explains each';

CREATE TABLE documentation.diagrams (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  bigint NOT NULL REFERENCES documentation.projects (id) ON DELETE CASCADE,
    document_id bigint REFERENCES documentation.documents (id) ON DELETE CASCADE,
    name        text NOT NULL,
    notation    text NOT NULL CHECK (notation IN ('mermaid', 'plantuml', 'graphviz', 'd2')),
    source      text NOT NULL CHECK (source <> ''),
    rendered    text,
    rendered_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, name),
    CHECK ((rendered IS NULL) = (rendered_at IS NULL))
);
CREATE INDEX diagrams_document_id_idx ON documentation.diagrams (document_id) WHERE document_id IS NOT NULL;
COMMENT ON TABLE documentation.diagrams IS 'Diagrams as text, and drawn';
COMMENT ON COLUMN documentation.diagrams.rendered IS 'SVG; NULL until drawn';

CREATE TABLE documentation.generated_content (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  bigint NOT NULL REFERENCES documentation.projects (id) ON DELETE CASCADE,
    document_id bigint REFERENCES documentation.documents (id) ON DELETE SET NULL,
    kind        text NOT NULL CHECK (kind IN ('summary', 'draft', 'translation', 'example', 'release_notes')),
    model       text NOT NULL,
    prompt      text NOT NULL,
    content     text NOT NULL,
    quality     real CHECK (quality BETWEEN 0 AND 1),
    review      text NOT NULL DEFAULT 'pending' CHECK (review IN ('pending', 'accepted', 'rejected')),
    metadata    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX generated_content_project_id_idx ON documentation.generated_content (project_id, created_at DESC);
CREATE INDEX generated_content_document_id_idx ON documentation.generated_content (document_id)
    WHERE document_id IS NOT NULL;
CREATE INDEX generated_content_to_review_idx ON documentation.generated_content (created_at) WHERE review = 'pending';
COMMENT ON TABLE documentation.generated_content IS 'What models wrote, until someone has reviewed it and after';
COMMENT ON COLUMN documentation.generated_content.quality IS '0 to 1, by an automatic judge; NULL without';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON documentation.api_specs
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON documentation.diagrams
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON documentation.generated_content
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
