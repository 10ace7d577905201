-- record: EventTrigger
-- interval: on demand
SELECT
    e.oid,
    e.evtname::text AS name,
    x.extname::text AS extension,
    e.evtevent::text AS event,
    e.evtfoid::regprocedure::text AS function,
    e.evtenabled::text AS state,
    coalesce(e.evttags, '{}') AS tags,
    pg_catalog.pg_get_userbyid(e.evtowner)::text AS owner,
    pg_catalog.obj_description(e.oid, 'pg_event_trigger') AS comment
FROM pg_catalog.pg_event_trigger e
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
ORDER BY e.evtname
