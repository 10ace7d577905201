-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA documentation AUTHORIZATION documentation_admin;
COMMENT ON SCHEMA documentation IS
    'Documentation projects, documents, API specifications, diagrams and generated content';

GRANT USAGE ON SCHEMA documentation TO documentation_app, documentation_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO documentation_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT SELECT ON TABLES TO documentation_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT ALL ON TABLES TO documentation_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT USAGE, SELECT ON SEQUENCES TO documentation_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT SELECT ON SEQUENCES TO documentation_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT ALL ON SEQUENCES TO documentation_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA documentation
    GRANT EXECUTE ON ROUTINES TO documentation_app, documentation_admin;
