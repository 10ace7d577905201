DROP TABLE memory_management.embeddings;
