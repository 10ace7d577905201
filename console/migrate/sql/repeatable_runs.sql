-- record: RepeatableRun
-- interval: on demand
-- The runs of repeatable files that are in effect, newest first. Asked only where dbconsole.repeatable exists.
SELECT r.service, r.version, r.id AS number, r.checksum, r.content, r.undo, r.reason,
    coalesce(pg_catalog.lag((r.previous ->> 'rank')::bigint) OVER (PARTITION BY r.service, r.version ORDER BY r.id DESC),
             m.rank) AS rank
FROM dbconsole.repeatable AS r
JOIN dbconsole.migration AS m ON m.service = r.service AND m.version = r.version
ORDER BY r.id DESC
