-- dbconsole: lock-timeout=3s
-- The service says for whom it works: SET LOCAL idea_lab.user_id = '...'. Without it the application role sees nothing.
-- The admin role sees and changes everything, the read-only role sees everything (reports).
CREATE FUNCTION idea_lab.session_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('idea_lab.user_id', true), '')::uuid $$;
COMMENT ON FUNCTION idea_lab.session_user_id() IS
    'For whom this transaction works: the setting idea_lab.user_id, or NULL';

ALTER TABLE idea_lab.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.document_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.agent_executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE idea_lab.audit_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_user ON idea_lab.users TO idea_lab_app
    USING (id = idea_lab.session_user_id());
CREATE POLICY own_projects ON idea_lab.projects TO idea_lab_app
    USING (owner_id = idea_lab.session_user_id());
CREATE POLICY documents_of_own_projects ON idea_lab.document_versions TO idea_lab_app
    USING (project_id IN (SELECT id FROM idea_lab.projects WHERE owner_id = idea_lab.session_user_id()));
CREATE POLICY executions_of_own_projects ON idea_lab.agent_executions TO idea_lab_app
    USING (project_id IN (SELECT id FROM idea_lab.projects WHERE owner_id = idea_lab.session_user_id()));
CREATE POLICY own_exports ON idea_lab.exports TO idea_lab_app
    USING (requested_by = idea_lab.session_user_id())
    WITH CHECK (requested_by = idea_lab.session_user_id()
                AND project_id IN (SELECT id FROM idea_lab.projects WHERE owner_id = idea_lab.session_user_id()));
CREATE POLICY own_changes ON idea_lab.audit_log FOR SELECT TO idea_lab_app
    USING (user_id = idea_lab.session_user_id());

CREATE POLICY administration ON idea_lab.users TO idea_lab_admin USING (true);
CREATE POLICY administration ON idea_lab.projects TO idea_lab_admin USING (true);
CREATE POLICY administration ON idea_lab.document_versions TO idea_lab_admin USING (true);
CREATE POLICY administration ON idea_lab.agent_executions TO idea_lab_admin USING (true);
CREATE POLICY administration ON idea_lab.exports TO idea_lab_admin USING (true);
CREATE POLICY administration ON idea_lab.audit_log TO idea_lab_admin USING (true);

CREATE POLICY reporting ON idea_lab.users FOR SELECT TO idea_lab_readonly USING (true);
CREATE POLICY reporting ON idea_lab.projects FOR SELECT TO idea_lab_readonly USING (true);
CREATE POLICY reporting ON idea_lab.document_versions FOR SELECT TO idea_lab_readonly USING (true);
CREATE POLICY reporting ON idea_lab.agent_executions FOR SELECT TO idea_lab_readonly USING (true);
CREATE POLICY reporting ON idea_lab.exports FOR SELECT TO idea_lab_readonly USING (true);
CREATE POLICY reporting ON idea_lab.audit_log FOR SELECT TO idea_lab_readonly USING (true);

COMMENT ON POLICY own_projects ON idea_lab.projects IS
    'A user sees and changes own projects, and makes none for others';
