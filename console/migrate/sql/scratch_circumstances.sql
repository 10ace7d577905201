-- record: ScratchCircumstances
-- interval: on demand
-- What is loaded into every session here that a scratch database must be made ready for. Only some roles may see what
-- is preloaded, but everybody sees the settings of what is.
SELECT
    EXISTS (SELECT FROM pg_catalog.pg_settings AS s WHERE s.name LIKE 'age.%'
            OR s.name LIKE '%_preload_libraries' AND s.setting ~ '(^|[ ,/$])age(,|\s|$)') AS has_age,
    EXISTS (SELECT FROM pg_catalog.pg_settings AS s WHERE s.name = 'pg_stat_statements.track') AS has_statements
