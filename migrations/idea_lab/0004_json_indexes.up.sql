-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY projects_settings_idx ON idea_lab.projects USING gin (settings jsonb_path_ops);
CREATE INDEX CONCURRENTLY projects_tags_idx ON idea_lab.projects USING gin (tags);
CREATE INDEX CONCURRENTLY document_versions_metadata_idx ON idea_lab.document_versions USING gin (metadata);
CREATE INDEX CONCURRENTLY agent_executions_output_idx ON idea_lab.agent_executions USING gin (output jsonb_path_ops);
CREATE INDEX CONCURRENTLY exports_manifest_idx ON idea_lab.exports USING gin (manifest jsonb_path_ops);
