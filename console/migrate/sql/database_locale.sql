-- record: DatabaseLocale
-- interval: on demand
-- Encoding and locale of this database, for another one like it.
SELECT
    pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
    d.datcollate::text AS collate,
    d.datctype::text AS ctype,
    pg_catalog.to_jsonb(d) ->> 'datlocprovider' AS provider,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale,
    r.rolcreatedb OR r.rolsuper AS may_create
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_roles AS r ON r.rolname = CURRENT_USER
WHERE d.datname = pg_catalog.current_database()
