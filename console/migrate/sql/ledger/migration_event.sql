-- Everything that was ever done or tried; rows are only added, so it outlives rollbacks.
CREATE TABLE dbconsole.migration_event (
    id           bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    service      text,
    version      text,
    name         text,
    event        text NOT NULL,
    detail       text,
    checksum     text,
    duration_ms  double precision,
    database_user text NOT NULL DEFAULT SESSION_USER,
    os_user      text NOT NULL,
    host         text NOT NULL,
    application  text NOT NULL DEFAULT pg_catalog.current_setting('application_name'),
    tool_version text NOT NULL
)
