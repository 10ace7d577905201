-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA ui_testing AUTHORIZATION ui_testing_admin;
COMMENT ON SCHEMA ui_testing IS 'Screenshots, visual comparisons, accessibility reports and test results';

GRANT USAGE ON SCHEMA ui_testing TO ui_testing_app, ui_testing_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ui_testing_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT SELECT ON TABLES TO ui_testing_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT ALL ON TABLES TO ui_testing_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT USAGE, SELECT ON SEQUENCES TO ui_testing_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT SELECT ON SEQUENCES TO ui_testing_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT ALL ON SEQUENCES TO ui_testing_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA ui_testing
    GRANT EXECUTE ON ROUTINES TO ui_testing_app, ui_testing_admin;
