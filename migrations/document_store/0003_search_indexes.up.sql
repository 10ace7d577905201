-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY documents_search_idx ON document_store.documents USING gin (search);
CREATE INDEX CONCURRENTLY documents_metadata_idx ON document_store.documents USING gin (metadata jsonb_path_ops);
