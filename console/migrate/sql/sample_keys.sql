-- record: SampleKey
-- interval: on demand
-- The foreign keys of tables that are no partitions, with what makes them again.
SELECT
    pg_catalog.quote_ident(k.conname) AS name,
    (SELECT pg_catalog.format('%I.%I', n.nspname, t.relname) FROM pg_catalog.pg_class AS t
     JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = k.conrelid) AS child,
    ARRAY(SELECT pg_catalog.quote_ident(a.attname)
          FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u(attnum, place)
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
          ORDER BY u.place) AS columns,
    (SELECT pg_catalog.format('%I.%I', n.nspname, t.relname) FROM pg_catalog.pg_class AS t
     JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = k.confrelid) AS parent,
    ARRAY(SELECT pg_catalog.quote_ident(a.attname)
          FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u(attnum, place)
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
          ORDER BY u.place) AS parent_columns,
    ARRAY(SELECT pg_catalog.format_type(a.atttypid, a.atttypmod)
          FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u(attnum, place)
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
          ORDER BY u.place) AS types,
    NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
                  AND (a.attnotnull OR a.attgenerated <> '')) AS is_nullable,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT c.relispartition
ORDER BY k.conrelid, k.conname
