-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA inference_enhancement AUTHORIZATION inference_enhancement_admin;
COMMENT ON SCHEMA inference_enhancement IS 'Vector embeddings and a knowledge graph that enrich prompts';

GRANT USAGE ON SCHEMA inference_enhancement TO inference_enhancement_app, inference_enhancement_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO inference_enhancement_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT SELECT ON TABLES TO inference_enhancement_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT ALL ON TABLES TO inference_enhancement_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT USAGE, SELECT ON SEQUENCES TO inference_enhancement_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT SELECT ON SEQUENCES TO inference_enhancement_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT ALL ON SEQUENCES TO inference_enhancement_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA inference_enhancement
    GRANT EXECUTE ON ROUTINES TO inference_enhancement_app, inference_enhancement_admin;
