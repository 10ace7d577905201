-- record: SessionCounts
-- interval: tick
-- One row. A role without pg_read_all_stats sees neither state nor backend_type of others: those are counted as hidden.
-- Client backends alone take connection slots; a hidden session is one where it has a user and a database.
-- It is pg_stat_activity without its joins, whose planning takes three times as long.
SELECT
    count(*) AS connections,
    count(*) FILTER (WHERE a.state = 'active') AS active,
    count(*) FILTER (WHERE a.state = 'idle') AS idle,
    count(*) FILTER (WHERE a.state LIKE 'idle in transaction%') AS idle_in_transaction,
    count(*) FILTER (WHERE a.state IN ('fastpath function call', 'disabled', 'starting')) AS other,
    count(*) FILTER (WHERE a.state IS NULL) AS hidden,
    pg_catalog.current_setting('max_connections')::int AS max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::int
        + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved_connections
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.backend_type = 'client backend'
    OR (a.backend_type IS NULL AND a.datid IS NOT NULL AND a.usesysid IS NOT NULL)
