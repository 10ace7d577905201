-- dbconsole: requires=platform/0004
CREATE TYPE code_quality.severity AS ENUM ('info', 'low', 'medium', 'high', 'critical');
COMMENT ON TYPE code_quality.severity IS 'In order: critical is the greatest';

CREATE DOMAIN code_quality.cvss_score AS numeric(3, 1) CHECK (VALUE BETWEEN 0 AND 10);
COMMENT ON DOMAIN code_quality.cvss_score IS 'Common Vulnerability Scoring System, 0 to 10';

CREATE TABLE code_quality.repositories (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9._-]+/[a-z0-9._-]+$'),
    clone_url      text NOT NULL,
    default_branch text NOT NULL DEFAULT 'main',
    languages      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(languages) = 'object'),
    is_archived    boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE code_quality.repositories IS 'Code under analysis';
COMMENT ON COLUMN code_quality.repositories.languages IS 'Language to lines of code';

CREATE TABLE code_quality.analysis_reports (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id  bigint NOT NULL REFERENCES code_quality.repositories (id) ON DELETE CASCADE,
    git_commit     text NOT NULL CHECK (git_commit ~ '^[0-9a-f]{40}$'),
    branch         text NOT NULL,
    tool           text NOT NULL,
    tool_version   text NOT NULL,
    status         text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'complete', 'failed')),
    grade          text CHECK (grade IN ('A', 'B', 'C', 'D', 'E')),
    files_analysed integer NOT NULL DEFAULT 0 CHECK (files_analysed >= 0),
    summary        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(summary) = 'object'),
    started_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz CHECK (finished_at >= started_at),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (repository_id, git_commit, tool),
    CONSTRAINT analysis_reports_grade_only_complete CHECK (grade IS NULL OR status = 'complete')
);
CREATE INDEX analysis_reports_branch_idx ON code_quality.analysis_reports (repository_id, branch, started_at DESC);
COMMENT ON TABLE code_quality.analysis_reports IS 'One run of one tool over one commit';
COMMENT ON COLUMN code_quality.analysis_reports.grade IS 'A best to E; NULL without a complete report';

CREATE TABLE code_quality.metrics (
    report_id bigint NOT NULL REFERENCES code_quality.analysis_reports (id) ON DELETE CASCADE,
    file_path text NOT NULL,
    metric    text NOT NULL CHECK (metric IN ('lines', 'complexity', 'coverage', 'duplication', 'comment_ratio', 'churn')),
    value     double precision NOT NULL CHECK (value >= 0),
    PRIMARY KEY (report_id, file_path, metric)
);
CREATE INDEX metrics_worst_idx ON code_quality.metrics (metric, value DESC) INCLUDE (file_path);
COMMENT ON TABLE code_quality.metrics IS 'Measured values per file';

CREATE TABLE code_quality.vulnerabilities (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id    bigint NOT NULL REFERENCES code_quality.analysis_reports (id) ON DELETE CASCADE,
    cve          text CHECK (cve ~ '^CVE-[0-9]{4}-[0-9]{4,}$'),
    cwe          integer CHECK (cwe > 0),
    title        text NOT NULL,
    description  text NOT NULL DEFAULT '',
    severity     code_quality.severity NOT NULL,
    cvss         code_quality.cvss_score,
    package      text,
    file_path    text,
    line         integer CHECK (line >= 1),
    status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'confirmed', 'fixed', 'ignored', 'false_positive')),
    fixed_in     text,
    details      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    found_at     timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT vulnerabilities_place_check CHECK (package IS NOT NULL OR file_path IS NOT NULL)
);
CREATE INDEX vulnerabilities_report_id_idx ON code_quality.vulnerabilities (report_id);
CREATE INDEX vulnerabilities_open_idx ON code_quality.vulnerabilities (severity DESC, found_at)
    WHERE status IN ('open', 'confirmed');
CREATE INDEX vulnerabilities_cve_idx ON code_quality.vulnerabilities (cve) WHERE cve IS NOT NULL;
COMMENT ON TABLE code_quality.vulnerabilities IS 'Weaknesses in our code or in a package that it uses';
COMMENT ON COLUMN code_quality.vulnerabilities.cwe IS 'Number in the Common Weakness Enumeration';
COMMENT ON COLUMN code_quality.vulnerabilities.fixed_in IS 'Version of the package that has the fix';

CREATE TABLE code_quality.refactoring_suggestions (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id      bigint NOT NULL REFERENCES code_quality.analysis_reports (id) ON DELETE CASCADE,
    kind           text NOT NULL CHECK (kind IN ('extract_function', 'rename', 'inline', 'remove_dead_code', 'split_module',
                                                 'simplify_condition', 'remove_duplication')),
    file_path      text NOT NULL,
    lines          int4range NOT NULL CHECK (NOT isempty(lines) AND lower(lines) >= 1),
    rationale      text NOT NULL,
    patch          text,
    effort_minutes integer NOT NULL CHECK (effort_minutes > 0),
    benefit        real NOT NULL CHECK (benefit BETWEEN 0 AND 1),
    priority       real NOT NULL GENERATED ALWAYS AS (benefit / effort_minutes) STORED,
    status         text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'accepted', 'applied', 'rejected')),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refactoring_suggestions_report_id_idx ON code_quality.refactoring_suggestions (report_id);
CREATE INDEX refactoring_suggestions_proposed_idx ON code_quality.refactoring_suggestions (priority DESC)
    WHERE status = 'proposed';
COMMENT ON TABLE code_quality.refactoring_suggestions IS 'What would make the code better, and what it costs';
COMMENT ON COLUMN code_quality.refactoring_suggestions.lines IS 'From 1, in the file as analysed';
COMMENT ON COLUMN code_quality.refactoring_suggestions.priority IS 'Benefit per minute of effort';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON code_quality.repositories
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON code_quality.analysis_reports
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON code_quality.vulnerabilities
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON code_quality.refactoring_suggestions
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
