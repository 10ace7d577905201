-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY test_results_steps_idx ON ui_testing.test_results USING gin (steps jsonb_path_ops);
CREATE INDEX CONCURRENTLY test_runs_environment_idx ON ui_testing.test_runs USING gin (environment);
CREATE INDEX CONCURRENTLY accessibility_reports_report_idx ON ui_testing.accessibility_reports
    USING gin (report jsonb_path_ops);
