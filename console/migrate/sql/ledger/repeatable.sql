-- The runs of repeatable files that are in effect: what was run, the SQL that takes it back (NULL where the reason says
-- why there is none), and the row of dbconsole.migration that it replaced.
CREATE TABLE IF NOT EXISTS dbconsole.repeatable (
    id       bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service  text NOT NULL,
    version  text NOT NULL,
    checksum text NOT NULL,
    content  text NOT NULL,
    undo     text,
    reason   text,
    previous jsonb
)
