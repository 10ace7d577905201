-- record: Zone
-- interval: on demand
-- Goes before the others, in their transaction: an instant in a definition then looks the same whatever zone the
-- database has been given.
SELECT pg_catalog.set_config('TimeZone', 'UTC', true) AS zone
