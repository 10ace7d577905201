-- How far a change in batches has come; written in the transaction of each batch, gone when all is done.
CREATE TABLE IF NOT EXISTS dbconsole.batch_progress (
    service   text NOT NULL,
    version   text NOT NULL,
    direction text NOT NULL,
    key       text NOT NULL,
    last      text,
    passes    integer NOT NULL,
    batches   bigint NOT NULL,
    rows      bigint NOT NULL,
    expected  bigint NOT NULL,
    elapsed_s double precision NOT NULL,
    written_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (service, version, direction)
)
