-- record: EventTrigger
-- interval: on demand
SELECT
    e.oid,
    e.evtname::text AS name,
    e.evtevent::text AS event,
    e.evtfoid::regprocedure::text AS function,
    e.evtenabled::text AS state,
    coalesce(e.evttags, '{}') AS tags,
    pg_catalog.pg_get_userbyid(e.evtowner)::text AS owner,
    pg_catalog.obj_description(e.oid, 'pg_event_trigger') AS comment
FROM pg_catalog.pg_event_trigger e
ORDER BY e.evtname
