-- Three roles without login per service: NAME_app reads and writes, NAME_readonly reads, NAME_admin owns the schema.
-- Roles belong to the whole cluster and may exist already, for another database: those are kept as they are. What this
-- file makes carries a comment that begins with "dbconsole platform: ", by which the down file knows it again.
DO $roles$
DECLARE
    service text;
    purpose text;
    role_name text;
    is_superuser boolean := (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
BEGIN
    FOREACH service IN ARRAY ARRAY[
        'platform', 'analytics', 'code_quality', 'document_store', 'documentation', 'event_data', 'idea_lab',
        'inference_enhancement', 'memory_management', 'memory_store', 'ui_testing', 'web_access']
    LOOP
        FOREACH purpose IN ARRAY ARRAY['admin', 'app', 'readonly'] LOOP
            role_name := service || '_' || purpose;
            IF pg_catalog.to_regrole(role_name) IS NULL THEN
                BEGIN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
                    EXECUTE format('COMMENT ON ROLE %I IS %L', role_name,
                                   format('dbconsole platform: %s role of service %s', purpose, service));
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    -- Another database of this cluster was migrated at the same moment and made it first.
                    RAISE NOTICE 'role % exists already', role_name;
                END;
            END IF;
            -- Only a member may give a schema to the admin role; a superuser is one of all.
            IF purpose = 'admin' AND NOT is_superuser THEN
                EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
            END IF;
        END LOOP;
    END LOOP;
END
$roles$;
