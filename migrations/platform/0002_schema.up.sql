-- The schema, the list of services with their roles, and the right of those roles to look into the schema.
CREATE SCHEMA platform AUTHORIZATION platform_admin;
COMMENT ON SCHEMA platform IS
    'What every service stands on: the list of services, shared functions, extension records';

ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT SELECT ON TABLES TO platform_app, platform_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT ALL ON TABLES TO platform_admin;
ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT EXECUTE ON FUNCTIONS TO platform_admin;

CREATE TABLE platform.services (
    name          text PRIMARY KEY,
    description   text NOT NULL,
    admin_role    text NOT NULL GENERATED ALWAYS AS (name || '_admin') STORED,
    app_role      text NOT NULL GENERATED ALWAYS AS (name || '_app') STORED,
    readonly_role text NOT NULL GENERATED ALWAYS AS (name || '_readonly') STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT services_name_check CHECK (name ~ '^[a-z][a-z0-9_]{1,54}$')
);
COMMENT ON TABLE platform.services IS 'The services that share this database, one row each';
COMMENT ON COLUMN platform.services.name IS
    'Also the name of the service''s schema and the prefix of its three roles';
COMMENT ON COLUMN platform.services.admin_role IS 'Owns the schema and may do everything in it';
COMMENT ON COLUMN platform.services.app_role IS
    'What the service itself connects as: reads and writes rows, changes no structure';
COMMENT ON COLUMN platform.services.readonly_role IS 'For reports and people: reads';

INSERT INTO platform.services (name, description) VALUES
    ('platform', 'What every service stands on'),
    ('analytics', 'Datasets, visualisations, predictions and the patterns found in them'),
    ('code_quality', 'Analysis reports, vulnerabilities, metrics and refactoring suggestions'),
    ('document_store', 'Documents in projects, cut into chunks with embeddings'),
    ('documentation', 'Documentation projects, API specifications, diagrams and generated content'),
    ('event_data', 'Events, their speakers, companies and topics'),
    ('idea_lab', 'Project ideas, their documents and the agents that worked on them'),
    ('inference_enhancement', 'Vector embeddings and a knowledge graph that enrich prompts'),
    ('memory_management', 'Contexts and hierarchical memory of assistants'),
    ('memory_store', 'Long-term memories with embeddings and metadata'),
    ('ui_testing', 'Screenshots, visual comparisons, accessibility reports and test results'),
    ('web_access', 'Web page cache, search history, API usage and page screenshots');

DO $usage$
DECLARE
    role_name text;
BEGIN
    FOR role_name IN
        SELECT unnest(ARRAY[app_role, readonly_role] || CASE WHEN name <> 'platform' THEN ARRAY[admin_role] END)
        FROM platform.services
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA platform TO %I', role_name);
    END LOOP;
END
$usage$;
