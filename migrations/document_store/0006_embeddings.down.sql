DROP TABLE document_store.embeddings;
