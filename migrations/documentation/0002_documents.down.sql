DROP TABLE documentation.document_revisions;
DROP TABLE documentation.documents;
DROP TABLE documentation.projects;
DROP TYPE documentation.document_kind;
