-- record: ServerClock
-- interval: tick
-- Asked last in a refresh: what the server spent on the refresh is taken_at - began_at.
SELECT
    pg_catalog.transaction_timestamp() AS began_at,
    pg_catalog.clock_timestamp() AS taken_at,
    pg_catalog.pg_is_in_recovery() AS is_standby
