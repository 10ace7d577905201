-- Creates the extensions that this server has and this role may create; what is missing or refused is said and left out:
-- files of the services that need such an extension are held by their requires-extension directive.
CREATE TABLE platform.managed_extensions (
    name       text PRIMARY KEY,
    purpose    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.managed_extensions IS
    'The extensions that this migration created here, and so may drop again; those that existed before are not listed';

DO $extensions$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT *
        FROM (VALUES ('vector', 'embeddings and nearest-neighbour search'),
                     ('pg_trgm', 'fuzzy matching of names and titles'),
                     ('pgcrypto', 'digests and encryption in SQL'),
                     ('pg_stat_statements', 'statistics of statements, shown on the Statements screen')
             ) AS extensions (name, purpose)
    LOOP
        IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = wanted.name) THEN
            RAISE NOTICE 'extension % exists already', wanted.name;
        ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = wanted.name) THEN
            RAISE NOTICE 'extension % is not available on this server', wanted.name;
        ELSE
            BEGIN
                EXECUTE format('CREATE EXTENSION %I WITH SCHEMA public', wanted.name);
                INSERT INTO platform.managed_extensions (name, purpose) VALUES (wanted.name, wanted.purpose);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE NOTICE 'extension % needs a superuser: CREATE EXTENSION %', wanted.name, wanted.name;
            END;
        END IF;
    END LOOP;
END
$extensions$;
