-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS idea_lab.exports_manifest_idx;
DROP INDEX CONCURRENTLY IF EXISTS idea_lab.agent_executions_output_idx;
DROP INDEX CONCURRENTLY IF EXISTS idea_lab.document_versions_metadata_idx;
DROP INDEX CONCURRENTLY IF EXISTS idea_lab.projects_tags_idx;
DROP INDEX CONCURRENTLY IF EXISTS idea_lab.projects_settings_idx;
