-- record: Availability
-- interval: on demand
-- Why pg_stat_statements may not answer: its settings exist where the library is loaded, whatever the role may see.
SELECT
    pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL AS is_loaded,
    (SELECT e.default_version FROM pg_catalog.pg_available_extensions e WHERE e.name = 'pg_stat_statements')
        AS available_version,
    (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'shared_preload_libraries') AS preloaded
