-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA event_data AUTHORIZATION event_data_admin;
COMMENT ON SCHEMA event_data IS 'Events, their speakers, companies and topics, and how they belong together';

GRANT USAGE ON SCHEMA event_data TO event_data_app, event_data_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO event_data_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT SELECT ON TABLES TO event_data_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT ALL ON TABLES TO event_data_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT USAGE, SELECT ON SEQUENCES TO event_data_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT SELECT ON SEQUENCES TO event_data_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT ALL ON SEQUENCES TO event_data_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA event_data
    GRANT EXECUTE ON ROUTINES TO event_data_app, event_data_admin;
