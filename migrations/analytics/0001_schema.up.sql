-- dbconsole: requires=platform/0002
-- The schema and who may do what with the tables, sequences and routines that are made in it from now on.
CREATE SCHEMA analytics AUTHORIZATION analytics_admin;
COMMENT ON SCHEMA analytics IS 'Datasets, visualisations, predictions and the patterns found in them';

GRANT USAGE ON SCHEMA analytics TO analytics_app, analytics_readonly;

ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO analytics_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT SELECT ON TABLES TO analytics_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT ALL ON TABLES TO analytics_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT USAGE, SELECT ON SEQUENCES TO analytics_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT SELECT ON SEQUENCES TO analytics_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT ALL ON SEQUENCES TO analytics_admin;

ALTER DEFAULT PRIVILEGES IN SCHEMA analytics
    GRANT EXECUTE ON ROUTINES TO analytics_app, analytics_admin;
