-- record: SettingValue
-- interval: on demand
-- For the rest of the transaction every name that pg_get_*def and format_type write has its schema.
SELECT pg_catalog.set_config('search_path', '', true) AS value
