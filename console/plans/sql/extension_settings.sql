-- record: ExtensionSetting
-- interval: on demand
-- What EXPLAIN's SETTINGS never lists: the vector extensions' own, once their library is loaded.
SELECT name,
       setting AS value
FROM pg_catalog.pg_settings
WHERE name ~ '^(hnsw|ivfflat|diskann|vchordrq|vchordg)\.'
ORDER BY name;
