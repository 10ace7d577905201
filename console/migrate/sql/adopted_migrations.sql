-- record: MigrationIdentity
-- interval: on demand
-- The migrations that were taken over from another tool, and that nothing has happened to since.
SELECT e.service, e.version
FROM dbconsole.migration_event AS e
JOIN dbconsole.migration AS m ON m.service = e.service AND m.version = e.version
WHERE e.event = 'adopted'
    AND NOT EXISTS (
        SELECT FROM dbconsole.migration_event AS later
        WHERE later.service = e.service AND later.version = e.version AND later.id > e.id)
