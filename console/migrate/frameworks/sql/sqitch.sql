-- record: ForeignLedgerRow
-- interval: 5 min
-- changes holds what is deployed; a failure since then is in events.
SELECT
    c.change AS version,
    nullif(c.note, '') AS name,
    c.project AS line,
    'applied' AS state,
    c.committed_at AS applied_at,
    c.committer_name || ' <' || c.committer_email || '>' AS applied_by,
    c.script_hash AS checksum
FROM :"schema".:"table" c
UNION ALL
SELECT e.change, nullif(e.note, ''), e.project, 'failed', e.committed_at, e.committer_name, NULL
FROM :"schema".events e
WHERE e.event = 'fail'
    AND NOT EXISTS (
        SELECT FROM :"schema".events l WHERE l.project = e.project AND l.committed_at > e.committed_at
    )
ORDER BY applied_at
