-- record: ExtensionSetting
-- interval: on demand
-- What EXPLAIN's SETTINGS never lists: the vector extensions' own, once their library is loaded, and plan advice.
SELECT name,
       setting AS value
FROM pg_catalog.pg_settings
WHERE name ~ '^(hnsw|ivfflat|diskann|vchordrq|vchordg)\.'
   OR (name IN ('pg_plan_advice.advice', 'pg_stash_advice.stash_name') AND setting <> '')
ORDER BY name;
