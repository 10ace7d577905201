-- dbconsole: no-transaction
-- dbconsole: requires-extension=pg_trgm
-- Misspelt names: "Katarina Novk" finds Katarina Novak.
CREATE INDEX CONCURRENTLY speakers_full_name_trgm_idx ON event_data.speakers USING gin (full_name public.gin_trgm_ops);
CREATE INDEX CONCURRENTLY events_name_trgm_idx ON event_data.events USING gin (name public.gin_trgm_ops);
