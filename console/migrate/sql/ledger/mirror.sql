-- The services whose runs are written into another tool's ledger too, in the same transaction. prefix: what stands
-- before a file's path below the service's folder in that ledger.
CREATE TABLE IF NOT EXISTS dbconsole.mirror (
    service       text NOT NULL PRIMARY KEY,
    tool          text NOT NULL,
    ledger_schema text NOT NULL,
    ledger_table  text NOT NULL,
    prefix        text NOT NULL DEFAULT '',
    since         timestamptz NOT NULL DEFAULT now()
)
