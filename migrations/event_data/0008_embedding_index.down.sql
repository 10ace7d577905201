-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS event_data.events_embedding_idx;
