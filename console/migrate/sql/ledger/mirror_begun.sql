-- $1 service; $2 tool; $3-4 its ledger's schema and table; $5 prefix of its paths.
INSERT INTO dbconsole.mirror (service, tool, ledger_schema, ledger_table, prefix)
VALUES ($1, $2, $3, $4, $5)
