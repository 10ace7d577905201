-- record: Mirror
-- interval: on demand
-- The services whose runs are written into another tool's ledger too. Asked only where dbconsole.mirror exists.
SELECT m.service, m.tool, m.ledger_schema, m.ledger_table, m.prefix, m.since
FROM dbconsole.mirror AS m
ORDER BY m.service
