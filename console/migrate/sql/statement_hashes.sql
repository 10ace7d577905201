-- record: HashesRow
-- interval: on demand
-- What a file without a transaction has done so far.
SELECT statement_hashes AS hashes, duration_ms
FROM dbconsole.migration
WHERE service = %(service)s AND version = %(version)s
