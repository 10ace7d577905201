-- $1-3 service, version, direction; $4 key; $5 the last one that is done; $6 pass; $7 batches; $8 rows; $9 rows expected;
-- $10 seconds.
INSERT INTO dbconsole.batch_progress AS p (service, version, direction, key, last, passes, batches, rows, expected,
    elapsed_s)
VALUES ($1, $2, $3, $4, $5, $6::int, $7::bigint, $8::bigint, $9::bigint, $10::pg_catalog.float8)
ON CONFLICT (service, version, direction) DO UPDATE SET
    key = excluded.key, last = excluded.last, passes = excluded.passes, batches = excluded.batches,
    rows = excluded.rows, expected = excluded.expected, elapsed_s = excluded.elapsed_s,
    written_at = pg_catalog.clock_timestamp()
