-- dbconsole: lock-timeout=3s
-- A tenant's rows only: SET LOCAL document_store.tenant = '...'. Without it the application role sees nothing. Workers that
-- ingest for all tenants connect as the admin role.
ALTER TABLE document_store.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.document_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.ingestion_jobs ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant_projects ON document_store.projects TO document_store_app
    USING (tenant = current_setting('document_store.tenant', true));
-- The policy of the table above holds in each of these subqueries.
CREATE POLICY tenant_documents ON document_store.documents TO document_store_app
    USING (project_id IN (SELECT id FROM document_store.projects));
CREATE POLICY tenant_tags ON document_store.document_tags TO document_store_app
    USING (document_id IN (SELECT id FROM document_store.documents));
CREATE POLICY tenant_jobs ON document_store.ingestion_jobs TO document_store_app
    USING (document_id IN (SELECT id FROM document_store.documents));

CREATE POLICY administration ON document_store.projects TO document_store_admin USING (true);
CREATE POLICY administration ON document_store.documents TO document_store_admin USING (true);
CREATE POLICY administration ON document_store.document_tags TO document_store_admin USING (true);
CREATE POLICY administration ON document_store.ingestion_jobs TO document_store_admin USING (true);

CREATE POLICY reporting ON document_store.projects FOR SELECT TO document_store_readonly USING (true);
CREATE POLICY reporting ON document_store.documents FOR SELECT TO document_store_readonly USING (true);
CREATE POLICY reporting ON document_store.document_tags FOR SELECT TO document_store_readonly USING (true);
CREATE POLICY reporting ON document_store.ingestion_jobs FOR SELECT TO document_store_readonly USING (true);
