-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA memory_management AUTHORIZATION memory_management_admin;
COMMENT ON SCHEMA memory_management IS 'Contexts and hierarchical memory of assistants, with embeddings';

GRANT USAGE ON SCHEMA memory_management TO memory_management_app, memory_management_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO memory_management_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT SELECT ON TABLES TO memory_management_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT ALL ON TABLES TO memory_management_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT USAGE, SELECT ON SEQUENCES TO memory_management_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT SELECT ON SEQUENCES TO memory_management_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT ALL ON SEQUENCES TO memory_management_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_management
    GRANT EXECUTE ON ROUTINES TO memory_management_app, memory_management_admin;
