-- record: NamedSize
-- interval: 5 min
SELECT
    t.spcname::text AS name,
    CASE
        WHEN pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')
            OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_catalog.pg_tablespace_size(t.oid)
    END AS total_bytes,
    pg_catalog.pg_get_userbyid(t.spcowner)::text AS owner,
    coalesce(pg_catalog.pg_tablespace_location(t.oid), '') AS note
FROM pg_catalog.pg_tablespace t
