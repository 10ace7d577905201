-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.inference_requests_parameters_idx;
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.knowledge_nodes_properties_idx;
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.knowledge_nodes_aliases_idx;
DROP INDEX CONCURRENTLY IF EXISTS inference_enhancement.knowledge_nodes_text_idx;
