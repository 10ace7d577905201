-- dbconsole: no-transaction
CREATE INDEX CONCURRENTLY events_search_idx ON event_data.events USING gin (search);
CREATE INDEX CONCURRENTLY events_attributes_idx ON event_data.events USING gin (attributes jsonb_path_ops);
CREATE INDEX CONCURRENTLY events_during_idx ON event_data.events USING gist (during);
