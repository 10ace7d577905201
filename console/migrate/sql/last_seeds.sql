-- record: SeedRun
-- interval: on demand
-- When each seed file was run last, and by whom. Asked only where dbconsole.migration_event exists.
SELECT DISTINCT ON (service, name) service, name, at, database_user, os_user, host
FROM dbconsole.migration_event
WHERE event = 'seeded'
ORDER BY service, name, id DESC
