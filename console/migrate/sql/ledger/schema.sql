-- Where the ledger lives: a schema of its own, so that no service's search_path or rollback touches it.
CREATE SCHEMA IF NOT EXISTS dbconsole
