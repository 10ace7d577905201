DROP FUNCTION event_data.search_events(text, integer);
DROP MATERIALIZED VIEW event_data.topic_popularity;
DROP VIEW event_data.upcoming_events;
