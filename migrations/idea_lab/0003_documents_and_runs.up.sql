-- dbconsole: requires=platform/0005
CREATE TABLE idea_lab.document_versions (
    id             uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    project_id     uuid NOT NULL REFERENCES idea_lab.projects (id) ON DELETE CASCADE,
    document_type  text NOT NULL CHECK (document_type IN ('brief', 'canvas', 'requirements', 'architecture', 'roadmap',
                                                          'pitch', 'notes')),
    version        integer NOT NULL CHECK (version >= 1),
    title          text NOT NULL,
    content        text NOT NULL,
    content_md5    uuid NOT NULL GENERATED ALWAYS AS (md5(content)::uuid) STORED,
    word_count     integer NOT NULL CHECK (word_count >= 0),
    author_id      uuid REFERENCES idea_lab.users (id) ON DELETE SET NULL,
    metadata       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, document_type, version)
);
CREATE INDEX document_versions_author_id_idx ON idea_lab.document_versions (author_id);
COMMENT ON TABLE idea_lab.document_versions IS
    'Every version of a project''s documents; rows are added, never changed';
COMMENT ON COLUMN idea_lab.document_versions.version IS 'From 1 within project and document type';
COMMENT ON COLUMN idea_lab.document_versions.content_md5 IS
    'Tells whether two versions say the same; no security in it';
COMMENT ON COLUMN idea_lab.document_versions.author_id IS 'NULL when an agent wrote it';

CREATE TABLE idea_lab.agent_executions (
    id                  uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    project_id          uuid NOT NULL REFERENCES idea_lab.projects (id) ON DELETE CASCADE,
    document_version_id uuid REFERENCES idea_lab.document_versions (id) ON DELETE SET NULL,
    correlation_id      uuid NOT NULL,
    parent_id           uuid REFERENCES idea_lab.agent_executions (id) ON DELETE SET NULL,
    agent_name          text NOT NULL,
    status              text NOT NULL DEFAULT 'queued'
                        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    input               jsonb NOT NULL DEFAULT '{}',
    output              jsonb,
    error_message       text,
    input_tokens        integer NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
    output_tokens       integer NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
    started_at          timestamptz,
    finished_at         timestamptz,
    duration_ms         bigint GENERATED ALWAYS AS (
                            (extract(epoch FROM finished_at - started_at) * 1000)::bigint) STORED,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agent_executions_period_check CHECK (finished_at >= started_at),
    CONSTRAINT agent_executions_error_check CHECK ((status = 'failed') = (error_message IS NOT NULL)),
    CHECK (parent_id <> id)
);
CREATE INDEX agent_executions_correlation_id_idx ON idea_lab.agent_executions (correlation_id, created_at);
CREATE INDEX agent_executions_project_id_idx ON idea_lab.agent_executions (project_id, created_at DESC);
CREATE INDEX agent_executions_document_version_id_idx ON idea_lab.agent_executions (document_version_id);
CREATE INDEX agent_executions_parent_id_idx ON idea_lab.agent_executions (parent_id);
CREATE INDEX agent_executions_unfinished_idx ON idea_lab.agent_executions (created_at)
    WHERE status IN ('queued', 'running');
COMMENT ON TABLE idea_lab.agent_executions IS
    'Runs of agents on a project: what they were given, gave back and cost';
COMMENT ON COLUMN idea_lab.agent_executions.correlation_id IS
    'The same for all runs that one request set off, in logs too';
COMMENT ON INDEX idea_lab.agent_executions_unfinished_idx IS 'The queue: few rows, however many have finished';

CREATE TABLE idea_lab.exports (
    id           uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    project_id   uuid NOT NULL REFERENCES idea_lab.projects (id) ON DELETE CASCADE,
    requested_by uuid NOT NULL REFERENCES idea_lab.users (id) ON DELETE CASCADE,
    format       text NOT NULL CHECK (format IN ('pdf', 'docx', 'markdown', 'html', 'zip')),
    status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'failed', 'expired')),
    manifest     jsonb NOT NULL DEFAULT '{"files": []}' CHECK (jsonb_typeof(manifest -> 'files') = 'array'),
    size_bytes   bigint CHECK (size_bytes >= 0),
    expires_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT exports_ready_check CHECK (status <> 'ready' OR size_bytes IS NOT NULL)
);
CREATE INDEX exports_project_id_idx ON idea_lab.exports (project_id, created_at DESC);
CREATE INDEX exports_requested_by_idx ON idea_lab.exports (requested_by);
COMMENT ON TABLE idea_lab.exports IS 'Packages of a project''s documents that someone asked for';
COMMENT ON COLUMN idea_lab.exports.manifest IS
    'What is in the package: {"files": [{"path", "document_version_id", "sha256"}]}';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON idea_lab.agent_executions
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON idea_lab.exports
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
