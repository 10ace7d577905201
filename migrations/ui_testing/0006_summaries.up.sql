CREATE VIEW ui_testing.run_summary AS
SELECT r.run_number, s.name AS suite, r.browser, r.platform, r.branch, r.status, r.started_at,
       r.finished_at - r.started_at AS duration,
       count(t.id) FILTER (WHERE t.outcome = 'passed') AS passed,
       count(t.id) FILTER (WHERE t.outcome IN ('failed', 'error')) AS failed,
       count(t.id) FILTER (WHERE t.outcome = 'skipped') AS skipped
FROM ui_testing.test_runs AS r
JOIN ui_testing.test_suites AS s ON s.id = r.suite_id
LEFT JOIN ui_testing.test_results AS t ON t.run_id = r.id
GROUP BY r.id, s.id;
COMMENT ON VIEW ui_testing.run_summary IS 'Runs with their results counted';

CREATE MATERIALIZED VIEW ui_testing.flaky_tests AS
SELECT r.suite_id, t.test_name, count(*) AS results,
       count(*) FILTER (WHERE t.outcome IN ('failed', 'error')) AS failures,
       count(*) FILTER (WHERE t.outcome = 'passed' AND t.attempt > 1) AS passed_on_retry,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.duration_ms) AS median_ms
FROM ui_testing.test_results AS t
JOIN ui_testing.test_runs AS r ON r.id = t.run_id
GROUP BY r.suite_id, t.test_name
HAVING count(*) FILTER (WHERE t.outcome = 'passed' AND t.attempt > 1) > 0;
CREATE UNIQUE INDEX flaky_tests_suite_id_test_name_idx ON ui_testing.flaky_tests (suite_id, test_name);
COMMENT ON MATERIALIZED VIEW ui_testing.flaky_tests IS 'Tests that passed on a retry; refreshed after a run';

CREATE FUNCTION ui_testing.baseline_of(wanted_page text, wanted_state text, wanted_width integer)
RETURNS ui_testing.screenshots
LANGUAGE sql STABLE
AS $$
    SELECT s
    FROM ui_testing.screenshots AS s
    WHERE s.is_baseline AND s.page = wanted_page AND s.state = wanted_state AND s.width = wanted_width
    ORDER BY s.taken_at DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION ui_testing.baseline_of(text, text, integer) IS
    'The newest baseline of a page in a state at a width, or NULL';
