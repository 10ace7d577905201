-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS ui_testing.accessibility_reports_report_idx;
DROP INDEX CONCURRENTLY IF EXISTS ui_testing.test_runs_environment_idx;
DROP INDEX CONCURRENTLY IF EXISTS ui_testing.test_results_steps_idx;
