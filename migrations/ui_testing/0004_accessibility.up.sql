CREATE TABLE ui_testing.accessibility_reports (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES ui_testing.test_runs (id) ON DELETE CASCADE,
    page        text NOT NULL,
    standard    text NOT NULL DEFAULT 'WCAG22AA' CHECK (standard IN ('WCAG21A', 'WCAG21AA', 'WCAG22AA', 'WCAG22AAA')),
    score       numeric(4, 1) NOT NULL CHECK (score BETWEEN 0 AND 100),
    passes      integer NOT NULL CHECK (passes >= 0),
    violations  integer NOT NULL DEFAULT 0 CHECK (violations >= 0),
    report      jsonb NOT NULL CHECK (jsonb_typeof(report) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, page, standard)
);
COMMENT ON TABLE ui_testing.accessibility_reports IS
    'What a page of a run does for people with disabilities, by a standard';
COMMENT ON COLUMN ui_testing.accessibility_reports.violations IS
    'Rows of accessibility_violations; kept by a trigger';

CREATE TABLE ui_testing.accessibility_violations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id  bigint NOT NULL REFERENCES ui_testing.accessibility_reports (id) ON DELETE CASCADE,
    rule       text NOT NULL,
    impact     text NOT NULL CHECK (impact IN ('minor', 'moderate', 'serious', 'critical')),
    selector   text NOT NULL,
    message    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX accessibility_violations_report_id_idx ON ui_testing.accessibility_violations (report_id);
CREATE INDEX accessibility_violations_rule_idx ON ui_testing.accessibility_violations (rule, impact);
COMMENT ON TABLE ui_testing.accessibility_violations IS 'Single violations found by a report';
COMMENT ON COLUMN ui_testing.accessibility_violations.selector IS 'CSS selector of the element';

CREATE FUNCTION ui_testing.count_violations() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE ui_testing.accessibility_reports AS r
    SET violations = r.violations + added.count
    FROM (SELECT report_id, count(*) FROM new_violations GROUP BY report_id) AS added
    WHERE r.id = added.report_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ui_testing.count_violations() IS
    'AFTER INSERT statement trigger: keeps accessibility_reports.violations';

CREATE TRIGGER count_violations AFTER INSERT ON ui_testing.accessibility_violations
    REFERENCING NEW TABLE AS new_violations
    FOR EACH STATEMENT EXECUTE FUNCTION ui_testing.count_violations();
