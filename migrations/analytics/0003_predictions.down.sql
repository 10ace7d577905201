-- The partitions go with their table.
DROP TABLE analytics.predictions;
DROP TABLE analytics.prediction_models;
