-- record: AvailableExtension
-- interval: on demand
-- The extensions that could be created on this server.
SELECT e.name::text AS name, e.default_version AS version
FROM pg_catalog.pg_available_extensions() AS e
