-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY documents_search_idx ON documentation.documents USING gin (search);
CREATE INDEX CONCURRENTLY documents_front_matter_idx ON documentation.documents USING gin (front_matter);
CREATE INDEX CONCURRENTLY api_specs_specification_idx ON documentation.api_specs
    USING gin (specification jsonb_path_ops);
CREATE INDEX CONCURRENTLY generated_content_metadata_idx ON documentation.generated_content
    USING gin (metadata jsonb_path_ops);
