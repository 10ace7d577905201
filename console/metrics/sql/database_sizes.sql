-- record: NamedSize
-- interval: 5 min
-- Asks the file system for every file; a database that the role may not connect to has no size.
SELECT
    d.datname::text AS name,
    CASE
        WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_catalog.pg_database_size(d.oid)
    END AS total_bytes,
    pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
    CASE WHEN d.datistemplate THEN 'template' WHEN NOT d.datallowconn THEN 'no connections' ELSE '' END AS note
FROM pg_catalog.pg_database d
