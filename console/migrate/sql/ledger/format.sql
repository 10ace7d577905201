-- The ledger's own format, where a later dbconsole finds it.
COMMENT ON TABLE dbconsole.migration IS 'dbconsole ledger, format 1'
