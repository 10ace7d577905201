-- Drops the roles that the up file made (known by their comment), save those that another database still uses.
DO $roles$
DECLARE
    role_name text;
BEGIN
    FOR role_name IN
        SELECT rolname
        FROM pg_catalog.pg_roles
        WHERE pg_catalog.shobj_description(oid, 'pg_authid') LIKE 'dbconsole platform: %'
        ORDER BY rolname
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE IF EXISTS %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            RAISE NOTICE 'role % is kept: another database of this cluster uses it', role_name;
        END;
    END LOOP;
END
$roles$;
