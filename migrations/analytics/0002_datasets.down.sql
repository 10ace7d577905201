DROP TABLE analytics.patterns;
DROP TABLE analytics.visualisations;
DROP TABLE analytics.dataset_columns;
DROP TABLE analytics.datasets;
