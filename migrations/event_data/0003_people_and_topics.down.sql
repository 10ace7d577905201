DROP TABLE event_data.speaker_topics;
DROP TABLE event_data.event_topics;
DROP TABLE event_data.event_companies;
DROP TABLE event_data.event_speakers;
DROP TABLE event_data.topics;
DROP TABLE event_data.speakers;
DROP TABLE event_data.companies;
