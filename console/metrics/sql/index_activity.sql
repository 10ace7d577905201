-- record: IndexActivity
-- interval: 5 min
-- What the statistics say of the database's own indexes, 200 at a time: the first by `sort` (a column below), of those
-- whose name or table's name holds `needle`, or only those with something to say (`only_doubtful`). The index that
-- makes one superfluous has the same leading columns, method, operator classes and their options, collations, order
-- and condition, and promises no less: unique, NULLS NOT DISTINCT, not deferrable, a constraint. What a table is
-- clustered or replicated by, and what foreign keys refer to, is never superfluous; of two alike the one used less is.
-- Bytes are of the last vacuum or analyze: asking for the file opens the index.
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
    WHERE i.indexrelid >= 16384 AND c.relkind = 'i' AND i.indisvalid AND i.indisready AND i.indislive
        AND i.indrelid IN (
            SELECT o.indrelid
            FROM pg_catalog.pg_index o
            WHERE o.indexrelid >= 16384
            GROUP BY o.indrelid, o.indkey[0]
            HAVING count(*) > 1)
), promise AS (
    SELECT a.indexrelid AS weaker, b.indexrelid AS stronger, b.relname AS kept, b.scans,
        b.columns = a.columns AND b.indnkeyatts = a.indnkeyatts AS is_same
    FROM shape a
    JOIN pg_catalog.pg_am m ON m.oid = a.relam
    JOIN shape b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid AND b.relam = a.relam
        AND b.keys[1:a.indnkeyatts] = a.keys
        AND b.classes[1:a.indnkeyatts] = a.classes
        AND b.collations[1:a.indnkeyatts] = a.collations
        AND b.options[1:a.indnkeyatts] = a.options
        AND b.class_options[1:a.indnkeyatts] = a.class_options
        AND b.expressions IS NOT DISTINCT FROM a.expressions
        AND b.predicate IS NOT DISTINCT FROM a.predicate
    WHERE NOT a.is_needed AND CASE
        WHEN b.columns = a.columns AND b.indnkeyatts = a.indnkeyatts THEN
            b.storage IS NOT DISTINCT FROM a.storage
            AND (b.is_constraint OR NOT a.is_constraint)
            AND (NOT a.indisunique OR b.indisunique AND (b.are_nulls_equal OR NOT a.are_nulls_equal)
                AND (b.indimmediate OR NOT a.indimmediate))
        ELSE m.amname = 'btree' AND b.indnkeyatts > a.indnkeyatts AND a.columns = a.keys
            AND NOT (a.indisunique OR a.is_constraint)
    END
), double AS (
    SELECT DISTINCT ON (p.weaker)
        p.weaker AS indexrelid,
        p.kept,
        p.is_same
    FROM promise p
    LEFT JOIN promise back ON back.weaker = p.stronger AND back.stronger = p.weaker
    JOIN shape a ON a.indexrelid = p.weaker
    WHERE back.weaker IS NULL OR (p.scans, -p.stronger::int8) > (a.scans, -a.indexrelid::int8)
    ORDER BY p.weaker, p.is_same DESC, back.weaker IS NULL DESC, p.scans DESC, p.stronger
)
SELECT
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS index,
    m.amname::text AS method,
    s.scans,
    s.rows_read,
    s.estimated_bytes,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary,
    coalesce(k.is_constraint, false) AS is_constraint,
    i.indisreplident AS is_replica_identity,
    c.relispartition AS is_partition,
    i.indisvalid AND i.indisready AND i.indislive AS is_valid,
    d.kept::text AS made_superfluous_by,
    coalesce(d.is_same, false) AS is_duplicate,
    count(*) OVER () AS indexes,
    pg_catalog.sum(s.estimated_bytes) OVER ()::int8 AS all_bytes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
LEFT JOIN used k ON k.conindid = i.indexrelid
LEFT JOIN double d ON d.indexrelid = i.indexrelid
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.pg_stat_get_numscans(c.oid) AS scans,
        pg_catalog.pg_stat_get_tuples_returned(c.oid) AS rows_read,
        c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 AS estimated_bytes
    OFFSET 0
) s
CROSS JOIN LATERAL (
    SELECT CASE %(sort)s::text
        WHEN 'size' THEN s.estimated_bytes
        WHEN 'scans' THEN s.scans
        WHEN 'read' THEN s.rows_read
    END AS value
) v
WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND c.oid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace
    AND (%(needle)s::text IS NULL
        OR strpos(lower(n.nspname || '.' || t.relname || ' ' || c.relname), lower(%(needle)s::text)) > 0)
    AND (%(only_doubtful)s::bool IS NOT TRUE
        OR NOT (i.indisvalid AND i.indisready AND i.indislive)
        OR d.kept IS NOT NULL
        OR (s.scans = 0 AND NOT (i.indisunique OR coalesce(k.is_constraint, false) OR i.indisreplident)))
ORDER BY
    CASE WHEN %(is_descending)s::bool THEN v.value END DESC NULLS LAST,
    CASE WHEN NOT %(is_descending)s::bool THEN v.value END NULLS LAST,
    n.nspname,
    t.relname,
    c.relname
LIMIT 200
