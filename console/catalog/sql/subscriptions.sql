-- record: Subscription
-- interval: on demand
-- Only the columns that everybody may read: the connection string isn't one.
SELECT
    s.oid,
    s.subname::text AS name,
    pg_catalog.pg_get_userbyid(s.subowner)::text AS owner,
    s.subenabled AS is_enabled,
    s.subslotname::text AS slot,
    s.subpublications AS publications
FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
ORDER BY s.subname
