-- record: ServerSetting
-- interval: 30 s
-- Every setting (pg_settings) as this session has it. The file and its line are for superusers and pg_read_all_settings.
SELECT
    s.name,
    s.setting,
    s.unit,
    s.category,
    s.short_desc AS description,
    s.extra_desc AS more,
    s.context,
    s.vartype AS kind,
    s.source,
    s.min_val AS minimum,
    s.max_val AS maximum,
    s.enumvals AS choices,
    s.boot_val AS default_setting,
    s.reset_val AS reset_setting,
    s.sourcefile AS file,
    s.sourceline AS file_line,
    s.pending_restart AS is_pending
FROM pg_catalog.pg_settings s
ORDER BY s.name
