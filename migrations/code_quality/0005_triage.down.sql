DROP TRIGGER record_triage ON code_quality.vulnerabilities;
DROP FUNCTION code_quality.record_triage();
DROP TABLE code_quality.triage_decisions;
