-- dbconsole: lock-timeout=3s
DROP POLICY reporting ON document_store.ingestion_jobs;
DROP POLICY reporting ON document_store.document_tags;
DROP POLICY reporting ON document_store.documents;
DROP POLICY reporting ON document_store.projects;
DROP POLICY administration ON document_store.ingestion_jobs;
DROP POLICY administration ON document_store.document_tags;
DROP POLICY administration ON document_store.documents;
DROP POLICY administration ON document_store.projects;
DROP POLICY tenant_jobs ON document_store.ingestion_jobs;
DROP POLICY tenant_tags ON document_store.document_tags;
DROP POLICY tenant_documents ON document_store.documents;
DROP POLICY tenant_projects ON document_store.projects;

ALTER TABLE document_store.ingestion_jobs DISABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.document_tags DISABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.documents DISABLE ROW LEVEL SECURITY;
ALTER TABLE document_store.projects DISABLE ROW LEVEL SECURITY;
