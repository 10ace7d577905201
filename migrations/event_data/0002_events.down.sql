DROP TABLE event_data.events;
DROP TABLE event_data.venues;
DROP DOMAIN event_data.web_url;
DROP TYPE event_data.event_format;
