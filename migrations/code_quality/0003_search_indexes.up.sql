-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY vulnerabilities_details_idx ON code_quality.vulnerabilities
    USING gin (details jsonb_path_ops);
CREATE INDEX CONCURRENTLY vulnerabilities_text_idx ON code_quality.vulnerabilities
    USING gin (to_tsvector('pg_catalog.english', title || ' ' || description));
CREATE INDEX CONCURRENTLY analysis_reports_summary_idx ON code_quality.analysis_reports USING gin (summary);
CREATE INDEX CONCURRENTLY refactoring_suggestions_lines_idx ON code_quality.refactoring_suggestions USING gist (lines);
