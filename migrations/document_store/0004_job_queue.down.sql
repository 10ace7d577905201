DROP TRIGGER enqueue_parse ON document_store.documents;
DROP FUNCTION document_store.enqueue_parse();
DROP FUNCTION document_store.claim_job(text);
