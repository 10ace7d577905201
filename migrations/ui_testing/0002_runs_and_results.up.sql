-- dbconsole: requires=platform/0004
CREATE TYPE ui_testing.test_outcome AS ENUM ('passed', 'failed', 'skipped', 'error');
COMMENT ON TYPE ui_testing.test_outcome IS 'How a test ended';

CREATE DOMAIN ui_testing.pixels AS integer CHECK (VALUE BETWEEN 1 AND 20000);
COMMENT ON DOMAIN ui_testing.pixels IS 'A length on a screen, in CSS pixels';

CREATE SEQUENCE ui_testing.run_number_seq START WITH 1000;
COMMENT ON SEQUENCE ui_testing.run_number_seq IS 'Numbers of test runs, as people call them';

CREATE TABLE ui_testing.test_suites (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    base_url    text NOT NULL CHECK (base_url ~ '^https?://'),
    description text NOT NULL DEFAULT '',
    settings    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ui_testing.test_suites IS 'Sets of tests of one application';

CREATE TABLE ui_testing.test_runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_number  bigint NOT NULL UNIQUE DEFAULT nextval('ui_testing.run_number_seq'),
    suite_id    bigint NOT NULL REFERENCES ui_testing.test_suites (id) ON DELETE CASCADE,
    browser     text NOT NULL CHECK (browser IN ('chromium', 'firefox', 'webkit')),
    platform    text NOT NULL CHECK (platform IN ('linux', 'macos', 'windows', 'android', 'ios')),
    git_commit  text CHECK (git_commit ~ '^[0-9a-f]{40}$'),
    branch      text NOT NULL DEFAULT 'main',
    status      text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'aborted')),
    environment jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(environment) = 'object'),
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz CHECK (finished_at >= started_at),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT test_runs_finished_check CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE INDEX test_runs_suite_id_idx ON ui_testing.test_runs (suite_id, started_at DESC);
CREATE INDEX test_runs_branch_idx ON ui_testing.test_runs (branch, started_at DESC) WHERE status = 'finished';
COMMENT ON TABLE ui_testing.test_runs IS 'Runs of a suite in one browser on one platform';
ALTER SEQUENCE ui_testing.run_number_seq OWNED BY ui_testing.test_runs.run_number;

CREATE TABLE ui_testing.test_results (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES ui_testing.test_runs (id) ON DELETE CASCADE,
    test_name     text NOT NULL CHECK (test_name <> ''),
    outcome       ui_testing.test_outcome NOT NULL,
    attempt       smallint NOT NULL DEFAULT 1 CHECK (attempt BETWEEN 1 AND 10),
    duration_ms   integer NOT NULL CHECK (duration_ms >= 0),
    error_message text,
    steps         jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(steps) = 'array'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, test_name, attempt),
    CONSTRAINT test_results_error_check CHECK ((outcome IN ('failed', 'error')) = (error_message IS NOT NULL))
);
CREATE INDEX test_results_test_name_idx ON ui_testing.test_results (test_name, created_at DESC);
CREATE INDEX test_results_failed_idx ON ui_testing.test_results (created_at DESC) INCLUDE (test_name)
    WHERE outcome IN ('failed', 'error');
COMMENT ON TABLE ui_testing.test_results IS 'One line per test and attempt of a run';
COMMENT ON COLUMN ui_testing.test_results.steps IS '[{"action", "selector", "duration_ms"}]';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON ui_testing.test_suites
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON ui_testing.test_runs
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
