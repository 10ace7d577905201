-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA idea_lab AUTHORIZATION idea_lab_admin;
COMMENT ON SCHEMA idea_lab IS 'Project ideas, their documents and versions, and the agents that worked on them';

GRANT USAGE ON SCHEMA idea_lab TO idea_lab_app, idea_lab_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO idea_lab_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT SELECT ON TABLES TO idea_lab_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT ALL ON TABLES TO idea_lab_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT USAGE, SELECT ON SEQUENCES TO idea_lab_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT SELECT ON SEQUENCES TO idea_lab_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT ALL ON SEQUENCES TO idea_lab_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA idea_lab
    GRANT EXECUTE ON ROUTINES TO idea_lab_app, idea_lab_admin;
