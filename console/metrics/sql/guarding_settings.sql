-- record: GuardingSetting
-- interval: 30 s
-- The settings that keep data safe and statistics alive, as they are here.
SELECT s.name, pg_catalog.current_setting(s.name) = 'on' AS is_on
FROM pg_catalog.unnest(ARRAY['fsync', 'full_page_writes', 'autovacuum', 'track_counts']::text[]) s (name)
