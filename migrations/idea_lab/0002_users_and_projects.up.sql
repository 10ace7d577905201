-- dbconsole: requires=platform/0005
CREATE TYPE idea_lab.project_status AS ENUM ('draft', 'active', 'on_hold', 'completed', 'archived');
COMMENT ON TYPE idea_lab.project_status IS 'How far a project is';

CREATE TABLE idea_lab.users (
    id           uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    email        text NOT NULL CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'),
    display_name text NOT NULL CHECK (display_name <> ''),
    locale       text NOT NULL DEFAULT 'en' CHECK (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    preferences  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
    is_active    boolean NOT NULL DEFAULT true,
    last_seen_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON idea_lab.users (lower(email));
COMMENT ON TABLE idea_lab.users IS 'People who have ideas';
COMMENT ON COLUMN idea_lab.users.email IS 'Unique whatever its case';

CREATE TABLE idea_lab.projects (
    id          uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    owner_id    uuid NOT NULL REFERENCES idea_lab.users (id) ON DELETE CASCADE,
    title       text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    summary     text NOT NULL DEFAULT '',
    language    text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    status      idea_lab.project_status NOT NULL DEFAULT 'draft',
    tags        text[] NOT NULL DEFAULT '{}',
    settings    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    archived_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner_id, title),
    CONSTRAINT projects_archived_check CHECK ((status = 'archived') = (archived_at IS NOT NULL))
);
CREATE INDEX projects_owner_id_status_idx ON idea_lab.projects (owner_id, status, updated_at DESC);
CREATE INDEX projects_language_idx ON idea_lab.projects (language, status) WHERE status <> 'archived';
COMMENT ON TABLE idea_lab.projects IS 'Ideas that someone works on; belongs to one user, who alone sees it';
COMMENT ON COLUMN idea_lab.projects.language IS
    'What its documents are written in: ISO 639-1, with a region if it matters';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON idea_lab.users
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON idea_lab.projects
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
