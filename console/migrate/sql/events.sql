-- record: LedgerEvent
-- interval: on demand
-- The event log, newest first: of one migration, of one service (version NULL), or of all. Asked only where it exists.
SELECT at, service, version, name, event, detail, duration_ms, database_user, os_user, host, application, tool_version
FROM dbconsole.migration_event
WHERE (%(service)s::text IS NULL OR service = %(service)s::text)
    AND (%(version)s::text IS NULL OR version = %(version)s::text)
ORDER BY id DESC
LIMIT 500
