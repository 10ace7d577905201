-- dbconsole: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS event_data.events_name_trgm_idx;
DROP INDEX CONCURRENTLY IF EXISTS event_data.speakers_full_name_trgm_idx;
