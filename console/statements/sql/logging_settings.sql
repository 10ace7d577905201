-- record: LoggingSetting
-- interval: on demand
-- What the server itself writes down of slow statements; auto_explain's settings exist where it is loaded.
SELECT s.name, s.setting, s.unit, s.source, s.context
FROM pg_catalog.pg_settings s
WHERE s.name IN (
        'log_min_duration_statement', 'log_min_duration_sample', 'log_statement_sample_rate', 'log_lock_waits',
        'track_activity_query_size', 'compute_query_id', 'track_io_timing')
    OR s.name LIKE 'auto\_explain.%'
ORDER BY s.name
