-- dbconsole: requires-extension=vector
-- dbconsole: lock-timeout=3s
ALTER TABLE event_data.events ADD COLUMN embedding public.vector(384);
COMMENT ON COLUMN event_data.events.embedding IS
    'Of name and description, 384 dimensions, unit length, compared by cosine distance; NULL until computed';
