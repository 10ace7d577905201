-- record: SearchSetting
-- needs: extension vector
-- interval: on demand
-- The settings of vector indexes as they hold now. The literal loads the library when this is parsed: before that
-- pg_settings has none of them.
SELECT s.name, s.setting, s.boot_val AS default_setting, s.source, s.unit, s.min_val AS lowest, s.max_val AS highest
FROM pg_catalog.pg_settings s
CROSS JOIN (SELECT CAST('[1]' AS :"vector".vector)) AS loaded
WHERE s.name ~ '^(hnsw|ivfflat|diskann|vchordrq|vchordg)\.'
ORDER BY s.name
