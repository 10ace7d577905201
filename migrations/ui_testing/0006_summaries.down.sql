DROP FUNCTION ui_testing.baseline_of(text, text, integer);
DROP MATERIALIZED VIEW ui_testing.flaky_tests;
DROP VIEW ui_testing.run_summary;
