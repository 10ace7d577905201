-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA document_store AUTHORIZATION document_store_admin;
COMMENT ON SCHEMA document_store IS 'Documents in projects, cut into chunks with embeddings';

GRANT USAGE ON SCHEMA document_store TO document_store_app, document_store_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO document_store_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT SELECT ON TABLES TO document_store_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT ALL ON TABLES TO document_store_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT USAGE, SELECT ON SEQUENCES TO document_store_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT SELECT ON SEQUENCES TO document_store_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT ALL ON SEQUENCES TO document_store_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA document_store
    GRANT EXECUTE ON ROUTINES TO document_store_app, document_store_admin;
