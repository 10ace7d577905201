-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA code_quality AUTHORIZATION code_quality_admin;
COMMENT ON SCHEMA code_quality IS 'Analysis reports, vulnerabilities, metrics and refactoring suggestions';

GRANT USAGE ON SCHEMA code_quality TO code_quality_app, code_quality_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO code_quality_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT SELECT ON TABLES TO code_quality_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT ALL ON TABLES TO code_quality_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT USAGE, SELECT ON SEQUENCES TO code_quality_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT SELECT ON SEQUENCES TO code_quality_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT ALL ON SEQUENCES TO code_quality_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA code_quality
    GRANT EXECUTE ON ROUTINES TO code_quality_app, code_quality_admin;
