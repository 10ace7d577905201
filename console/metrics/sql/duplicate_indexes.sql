-- record: DuplicateIndex
-- interval: 5 min
-- Indexes that another one makes superfluous: same table, method, columns, operator classes and their options,
-- collations, order, expressions, condition and storage, and it promises no less: unique, NULLS NOT DISTINCT, not
-- deferrable, a constraint. What a table is clustered or replicated by, and what foreign keys refer to, is never
-- superfluous; of two alike the one used less is. Partitions follow their parent. The expressions are compared as
-- they are stored, without where in its statement each stood: deparsing them would open the table. Bytes are of the last
-- vacuum or analyze, as asking for the file opens the index.
WITH used AS (
    SELECT k.conindid, pg_catalog.bool_or(k.contype IN ('p', 'u', 'x')) AS is_constraint,
        pg_catalog.bool_or(k.contype = 'f') AS is_referenced
    FROM pg_catalog.pg_constraint k
    WHERE k.conindid <> 0
    GROUP BY k.conindid
), shape AS MATERIALIZED (
    SELECT
        i.indexrelid,
        i.indrelid,
        i.indisunique,
        i.indimmediate,
        i.indnkeyatts,
        c.relname,
        c.relam,
        coalesce(k.is_constraint, false) AS is_constraint,
        i.indisprimary OR i.indisreplident OR i.indisclustered OR i.indisexclusion OR coalesce(k.is_referenced, false)
            AS is_needed,
        CASE WHEN i.indisunique THEN coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)
            ELSE false END AS are_nulls_equal,
        pg_catalog.pg_stat_get_numscans(c.oid) AS scans,
        (i.indkey::int2[])[0:i.indnatts - 1] AS columns,
        (i.indkey::int2[])[0:i.indnkeyatts - 1] AS keys,
        (i.indclass::oid[])[0:i.indnkeyatts - 1] AS classes,
        (i.indcollation::oid[])[0:i.indnkeyatts - 1] AS collations,
        (i.indoption::int2[])[0:i.indnkeyatts - 1] AS options,
        ARRAY(
            SELECT coalesce(a.attoptions::text, '')
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = i.indexrelid AND a.attnum <= i.indnkeyatts
            ORDER BY a.attnum
        ) AS class_options,
        CASE WHEN i.indexprs IS NOT NULL
            THEN pg_catalog.regexp_replace(i.indexprs::text, ' :location -?\d+', '', 'g') END AS expressions,
        CASE WHEN i.indpred IS NOT NULL
            THEN pg_catalog.regexp_replace(i.indpred::text, ' :location -?\d+', '', 'g') END AS predicate,
        c.reloptions::text AS storage
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    LEFT JOIN used k ON k.conindid = i.indexrelid
    WHERE i.indexrelid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace AND NOT c.relispartition
        AND i.indisvalid AND i.indisready AND i.indislive
        AND i.indrelid IN (
            SELECT o.indrelid
            FROM pg_catalog.pg_index o
            WHERE o.indexrelid >= 16384
            GROUP BY o.indrelid, o.indkey::int2[]
            HAVING count(*) > 1)
), promise AS (
    SELECT a.indexrelid AS weaker, b.indexrelid AS stronger, b.relname AS kept, b.scans
    FROM shape a
    JOIN shape b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid AND b.relam = a.relam
        AND b.keys[1:a.indnkeyatts] = a.keys
        AND b.classes[1:a.indnkeyatts] = a.classes
        AND b.collations[1:a.indnkeyatts] = a.collations
        AND b.options[1:a.indnkeyatts] = a.options
        AND b.class_options[1:a.indnkeyatts] = a.class_options
        AND b.expressions IS NOT DISTINCT FROM a.expressions
        AND b.predicate IS NOT DISTINCT FROM a.predicate
    WHERE NOT a.is_needed AND b.columns = a.columns AND b.indnkeyatts = a.indnkeyatts
        AND b.storage IS NOT DISTINCT FROM a.storage
        AND (b.is_constraint OR NOT a.is_constraint)
        AND (NOT a.indisunique OR b.indisunique AND (b.are_nulls_equal OR NOT a.are_nulls_equal)
            AND (b.indimmediate OR NOT a.indimmediate))
), double AS (
    SELECT DISTINCT ON (p.weaker)
        p.weaker AS indexrelid,
        p.kept
    FROM promise p
    LEFT JOIN promise back ON back.weaker = p.stronger AND back.stronger = p.weaker
    JOIN shape a ON a.indexrelid = p.weaker
    WHERE back.weaker IS NULL OR (p.scans, -p.stronger::int8) > (a.scans, -a.indexrelid::int8)
    ORDER BY p.weaker, back.weaker IS NULL DESC, p.scans DESC, p.stronger
)
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS index,
    d.kept::text AS same_as,
    c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 AS estimated_bytes,
    count(*) OVER () AS duplicates,
    pg_catalog.sum(c.relpages::int8 * pg_catalog.current_setting('block_size')::int8) OVER ()::int8 AS duplicate_bytes
FROM double d
JOIN pg_catalog.pg_index i ON i.indexrelid = d.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = d.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY c.relpages DESC, n.nspname, c.relname
LIMIT 20
