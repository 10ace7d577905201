-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY knowledge_nodes_text_idx ON inference_enhancement.knowledge_nodes
    USING gin (to_tsvector('pg_catalog.english', name || ' ' || description));
CREATE INDEX CONCURRENTLY knowledge_nodes_aliases_idx ON inference_enhancement.knowledge_nodes USING gin (aliases);
CREATE INDEX CONCURRENTLY knowledge_nodes_properties_idx ON inference_enhancement.knowledge_nodes
    USING gin (properties jsonb_path_ops);
CREATE INDEX CONCURRENTLY inference_requests_parameters_idx ON inference_enhancement.inference_requests
    USING gin (parameters);
