DROP MATERIALIZED VIEW code_quality.repository_trend;
DROP VIEW code_quality.open_vulnerabilities;
DROP VIEW code_quality.latest_reports;
