-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA web_access AUTHORIZATION web_access_admin;
COMMENT ON SCHEMA web_access IS 'Web page cache, search history, API usage and page screenshots';

GRANT USAGE ON SCHEMA web_access TO web_access_app, web_access_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO web_access_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT SELECT ON TABLES TO web_access_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT ALL ON TABLES TO web_access_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT USAGE, SELECT ON SEQUENCES TO web_access_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT SELECT ON SEQUENCES TO web_access_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT ALL ON SEQUENCES TO web_access_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA web_access
    GRANT EXECUTE ON ROUTINES TO web_access_app, web_access_admin;
