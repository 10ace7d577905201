-- dbconsole: lock-timeout=3s
DROP POLICY reporting ON idea_lab.audit_log;
DROP POLICY reporting ON idea_lab.exports;
DROP POLICY reporting ON idea_lab.agent_executions;
DROP POLICY reporting ON idea_lab.document_versions;
DROP POLICY reporting ON idea_lab.projects;
DROP POLICY reporting ON idea_lab.users;

DROP POLICY administration ON idea_lab.audit_log;
DROP POLICY administration ON idea_lab.exports;
DROP POLICY administration ON idea_lab.agent_executions;
DROP POLICY administration ON idea_lab.document_versions;
DROP POLICY administration ON idea_lab.projects;
DROP POLICY administration ON idea_lab.users;

DROP POLICY own_changes ON idea_lab.audit_log;
DROP POLICY own_exports ON idea_lab.exports;
DROP POLICY executions_of_own_projects ON idea_lab.agent_executions;
DROP POLICY documents_of_own_projects ON idea_lab.document_versions;
DROP POLICY own_projects ON idea_lab.projects;
DROP POLICY own_user ON idea_lab.users;

ALTER TABLE idea_lab.audit_log DISABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.exports DISABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.agent_executions DISABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.document_versions DISABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.projects DISABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.users DISABLE ROW LEVEL SECURITY;

DROP FUNCTION idea_lab.session_user_id();
