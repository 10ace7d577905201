-- dbconsole: lock-timeout=3s
ALTER TABLE event_data.events DROP COLUMN embedding;
