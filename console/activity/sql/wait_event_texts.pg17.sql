-- record: WaitEventText
-- interval: on demand
-- What each wait event means, in the server's own words.
SELECT w.type, w.name, w.description
FROM pg_catalog.pg_wait_events w
