-- record: Definition
-- interval: on demand
-- needs: superuser
-- The connection may hold a password: only a superuser may read it. What a release has no column for is left out.
SELECT
    'pg_subscription' AS catalog,
    s.oid,
    'SUBSCRIPTION' AS kind,
    NULL::text AS schema,
    pg_catalog.quote_ident(s.subname) AS name,
    pg_catalog.pg_get_userbyid(s.subowner)::text AS owner,
    NULL::text AS grant_clause,
    ARRAY[
        pg_catalog.format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %s WITH (%s)', s.subname, s.subconninfo,
            (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(x), ', ') FROM pg_catalog.unnest(s.subpublications) x),
            pg_catalog.concat_ws(', ', 'connect = false',
                'slot_name = ' || coalesce(pg_catalog.quote_literal(s.subslotname), 'NONE'),
                CASE WHEN s.subbinary THEN 'binary = true' END,
                CASE j.fields ->> 'substream' WHEN 't' THEN 'streaming = on' WHEN 'true' THEN 'streaming = on'
                    WHEN 'p' THEN 'streaming = parallel' WHEN 'f' THEN 'streaming = off' END,
                CASE WHEN j.fields ->> 'subtwophasestate' <> 'd' THEN 'two_phase = on' END,
                CASE WHEN (j.fields ->> 'subdisableonerr')::bool THEN 'disable_on_error = true' END,
                CASE WHEN NOT (j.fields ->> 'subpasswordrequired')::bool THEN 'password_required = false' END,
                CASE WHEN (j.fields ->> 'subrunasowner')::bool THEN 'run_as_owner = true' END,
                'origin = ' || nullif(j.fields ->> 'suborigin', 'any'),
                CASE WHEN (j.fields ->> 'subfailover')::bool THEN 'failover = true' END,
                'synchronous_commit = ' || nullif(s.subsynccommit, 'off')))
    ] AS statements,
    pg_catalog.obj_description(s.oid, 'pg_subscription') AS comment
FROM pg_catalog.pg_subscription s
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(s) AS fields) j
WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
ORDER BY s.subname
