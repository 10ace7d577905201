-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS event_data.events_during_idx;
DROP INDEX CONCURRENTLY IF EXISTS event_data.events_attributes_idx;
DROP INDEX CONCURRENTLY IF EXISTS event_data.events_search_idx;
