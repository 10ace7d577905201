-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS analytics.patterns_valid_during_idx;
DROP INDEX CONCURRENTLY IF EXISTS analytics.visualisations_definition_idx;
DROP INDEX CONCURRENTLY IF EXISTS analytics.datasets_text_idx;
DROP INDEX CONCURRENTLY IF EXISTS analytics.datasets_statistics_idx;
