-- record: TableFreezeAge
-- interval: 5 min
-- The tables of this database that were frozen longest ago, TOAST counted as its table's, against the age at which
-- autovacuum must freeze them (autovacuum_freeze_max_age and its twin for multixacts; a table's own may only be less).
SELECT
    n.nspname::text AS schema,
    coalesce(owner.relname, t.relname)::text AS "table",
    t.relkind = 't' AS is_toast,
    t.transaction_age,
    t.multixact_age,
    t.percent_of_max
FROM (
    SELECT
        c.oid,
        c.relname,
        c.relnamespace,
        c.relkind,
        pg_catalog.age(c.relfrozenxid) AS transaction_age,
        pg_catalog.mxid_age(c.relminmxid) AS multixact_age,
        100.0 * greatest(
            pg_catalog.age(c.relfrozenxid)::float8
                / pg_catalog.current_setting('autovacuum_freeze_max_age')::float8,
            pg_catalog.mxid_age(c.relminmxid)::float8
                / pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::float8) AS percent_of_max
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'm', 't')
    ORDER BY percent_of_max DESC
    LIMIT 20
) t
LEFT JOIN pg_catalog.pg_class owner ON t.relkind = 't' AND owner.reltoastrelid = t.oid
JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(owner.relnamespace, t.relnamespace)
ORDER BY t.percent_of_max DESC
