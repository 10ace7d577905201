-- record: MigrationIdentity
-- interval: on demand
-- The migrations that dbconsole itself has applied, undone or taken over at some time. Asked only where the log exists.
SELECT DISTINCT e.service, e.version
FROM dbconsole.migration_event AS e
WHERE e.service IS NOT NULL
    AND e.version IS NOT NULL
    AND e.event IN ('applied', 'reverted', 'baseline', 'marked applied', 'marked reverted', 'adopted', 'renamed')
    AND NOT EXISTS (
        SELECT FROM dbconsole.migration_event AS u
        WHERE u.service = e.service AND u.version = e.version AND u.event = 'adoption undone' AND u.id > e.id)
