-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS code_quality.refactoring_suggestions_lines_idx;
DROP INDEX CONCURRENTLY IF EXISTS code_quality.analysis_reports_summary_idx;
DROP INDEX CONCURRENTLY IF EXISTS code_quality.vulnerabilities_text_idx;
DROP INDEX CONCURRENTLY IF EXISTS code_quality.vulnerabilities_details_idx;
