DROP PROCEDURE analytics.record_actual(text, timestamptz, double precision);
DROP STATISTICS analytics.patterns_kind_dataset;
DROP MATERIALIZED VIEW analytics.model_accuracy;
