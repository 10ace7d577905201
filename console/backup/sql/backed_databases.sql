-- record: DatabaseRow
-- interval: on demand
-- The databases that one can connect to, and what CREATE DATABASE needs to make one that sorts text in the same way.
SELECT
    d.datname::text AS name,
    d.datname = pg_catalog.current_database() AS is_current,
    CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END AS bytes,
    pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
    d.datcollate::text AS collation,
    d.datctype::text AS ctype,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale
FROM pg_catalog.pg_database AS d
WHERE d.datallowconn AND NOT d.datistemplate
ORDER BY d.datname
