-- record: PendingSetting
-- interval: 30 s
-- Settings whose new value in a configuration file waits for a restart (pg_settings).
SELECT s.name, s.setting, s.unit
FROM pg_catalog.pg_settings s
WHERE s.pending_restart
ORDER BY s.name
