-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA memory_store AUTHORIZATION memory_store_admin;
COMMENT ON SCHEMA memory_store IS 'Long-term memories of agents, with embeddings and metadata';

GRANT USAGE ON SCHEMA memory_store TO memory_store_app, memory_store_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO memory_store_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT SELECT ON TABLES TO memory_store_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT ALL ON TABLES TO memory_store_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT USAGE, SELECT ON SEQUENCES TO memory_store_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT SELECT ON SEQUENCES TO memory_store_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT ALL ON SEQUENCES TO memory_store_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA memory_store
    GRANT EXECUTE ON ROUTINES TO memory_store_app, memory_store_admin;
