CREATE VIEW code_quality.latest_reports AS
SELECT DISTINCT ON (repository_id, tool) *
FROM code_quality.analysis_reports
WHERE status = 'complete'
ORDER BY repository_id, tool, started_at DESC;
COMMENT ON VIEW code_quality.latest_reports IS 'The newest complete report of each tool on each repository';

CREATE VIEW code_quality.open_vulnerabilities AS
SELECT r.name AS repository, v.id, v.severity, v.cvss, v.cve, v.title, v.package, v.fixed_in, v.file_path, v.line, v.found_at
FROM code_quality.vulnerabilities AS v
JOIN code_quality.latest_reports AS l ON l.id = v.report_id
JOIN code_quality.repositories AS r ON r.id = l.repository_id
WHERE v.status IN ('open', 'confirmed') AND NOT r.is_archived;
COMMENT ON VIEW code_quality.open_vulnerabilities IS 'What is still to be fixed, by the latest reports';

CREATE MATERIALIZED VIEW code_quality.repository_trend AS
SELECT a.repository_id, date_trunc('week', a.started_at, 'UTC') AS week,
       avg(m.value) FILTER (WHERE m.metric = 'complexity') AS mean_complexity,
       avg(m.value) FILTER (WHERE m.metric = 'coverage') AS mean_coverage,
       avg(m.value) FILTER (WHERE m.metric = 'duplication') AS mean_duplication
FROM code_quality.analysis_reports AS a
JOIN code_quality.metrics AS m ON m.report_id = a.id
WHERE a.status = 'complete'
GROUP BY a.repository_id, date_trunc('week', a.started_at, 'UTC');
CREATE UNIQUE INDEX repository_trend_repository_id_week_idx ON code_quality.repository_trend (repository_id, week);
COMMENT ON MATERIALIZED VIEW code_quality.repository_trend IS
    'Whether a repository gets better: means per week (UTC)';
