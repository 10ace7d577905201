-- The sequence belongs to test_runs.run_number and goes with it.
DROP TABLE ui_testing.test_results;
DROP TABLE ui_testing.test_runs;
DROP TABLE ui_testing.test_suites;
DROP DOMAIN ui_testing.pixels;
DROP TYPE ui_testing.test_outcome;
