-- record: SampleTrigger
-- interval: on demand
-- The triggers that would fire as rows are put in.
SELECT
    pg_catalog.quote_ident(t.tgname) AS name,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table"
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled = 'O' AND NOT c.relispartition
ORDER BY 2, 1
