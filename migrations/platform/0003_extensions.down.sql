-- Drops what the up file created, and only that. Without CASCADE: whoever uses an extension by now stops this.
DO $extensions$
DECLARE
    extension_name text;
BEGIN
    FOR extension_name IN SELECT name FROM platform.managed_extensions ORDER BY name LOOP
        EXECUTE format('DROP EXTENSION IF EXISTS %I', extension_name);
    END LOOP;
END
$extensions$;

DROP TABLE platform.managed_extensions;
