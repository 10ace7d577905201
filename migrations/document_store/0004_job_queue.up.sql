CREATE FUNCTION document_store.claim_job(claiming_worker text) RETURNS document_store.ingestion_jobs
LANGUAGE sql VOLATILE
AS $$
    UPDATE document_store.ingestion_jobs
    SET status = 'running', worker = claiming_worker, attempts = attempts + 1
    WHERE id = (SELECT id
                FROM document_store.ingestion_jobs
                WHERE status = 'waiting' AND next_attempt_at <= now() AND attempts < 10
                ORDER BY next_attempt_at, id
                LIMIT 1
                FOR UPDATE SKIP LOCKED)
    RETURNING *
$$;
COMMENT ON FUNCTION document_store.claim_job(text) IS
    'Takes the next due job, or NULL; two workers never get the same one';

CREATE FUNCTION document_store.enqueue_parse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO document_store.ingestion_jobs (document_id, step)
    SELECT id, 'parse' FROM new_documents WHERE status = 'received'
    ON CONFLICT (document_id, step) DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION document_store.enqueue_parse() IS
    'AFTER INSERT statement trigger: a parse job for each new document still to be parsed';

CREATE TRIGGER enqueue_parse AFTER INSERT ON document_store.documents
    REFERENCING NEW TABLE AS new_documents
    FOR EACH STATEMENT EXECUTE FUNCTION document_store.enqueue_parse();
