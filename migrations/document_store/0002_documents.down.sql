DROP TABLE document_store.ingestion_jobs;
DROP TABLE document_store.document_tags;
DROP TABLE document_store.documents;
DROP TABLE document_store.projects;
DROP TYPE document_store.document_status;
