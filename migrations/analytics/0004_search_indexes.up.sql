-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY datasets_statistics_idx ON analytics.datasets USING gin (statistics);
CREATE INDEX CONCURRENTLY datasets_text_idx ON analytics.datasets
    USING gin (to_tsvector('pg_catalog.english', title || ' ' || description));
CREATE INDEX CONCURRENTLY visualisations_definition_idx ON analytics.visualisations
    USING gin (definition jsonb_path_ops);
CREATE INDEX CONCURRENTLY patterns_valid_during_idx ON analytics.patterns USING gist (valid_during);
