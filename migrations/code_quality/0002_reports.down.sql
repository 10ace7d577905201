DROP TABLE code_quality.refactoring_suggestions;
DROP TABLE code_quality.vulnerabilities;
DROP TABLE code_quality.metrics;
DROP TABLE code_quality.analysis_reports;
DROP TABLE code_quality.repositories;
DROP DOMAIN code_quality.cvss_score;
DROP TYPE code_quality.severity;
