-- record: BatchProgress
-- interval: on demand
-- How far a change in batches has come. Asked only where dbconsole.batch_progress exists.
SELECT p.key, p.last, p.passes, p.batches, p.rows, p.expected, p.elapsed_s
FROM dbconsole.batch_progress AS p
WHERE p.service = %(service)s AND p.version = %(version)s AND p.direction = %(direction)s
