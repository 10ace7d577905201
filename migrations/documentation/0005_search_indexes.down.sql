-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS documentation.generated_content_metadata_idx;
DROP INDEX CONCURRENTLY IF EXISTS documentation.api_specs_specification_idx;
DROP INDEX CONCURRENTLY IF EXISTS documentation.documents_front_matter_idx;
DROP INDEX CONCURRENTLY IF EXISTS documentation.documents_search_idx;
