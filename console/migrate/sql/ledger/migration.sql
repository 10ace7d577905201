-- What is in the database now: one row for every migration that is applied, running or partly done (failed).
-- running and failed belong to files without a transaction; statement_hashes are of the statements that are done.
CREATE TABLE dbconsole.migration (
    service          text NOT NULL,
    version          text NOT NULL,
    name             text NOT NULL,
    state            text NOT NULL CHECK (state IN ('applied', 'running', 'failed')),
    direction        text NOT NULL CHECK (direction IN ('up', 'down')),
    checksum_up      text NOT NULL,
    checksum_down    text,
    raw_checksum_up  text,
    statements_done  integer NOT NULL,
    statements_total integer NOT NULL,
    statement_hashes text[] NOT NULL,
    error            text,
    rank             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    applied_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    applied_by       text NOT NULL DEFAULT SESSION_USER,
    os_user          text NOT NULL,
    host             text NOT NULL,
    application      text NOT NULL DEFAULT pg_catalog.current_setting('application_name'),
    duration_ms      double precision NOT NULL,
    tool_version     text NOT NULL,
    PRIMARY KEY (service, version)
)
