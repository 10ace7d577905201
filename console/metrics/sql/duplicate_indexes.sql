-- record: DuplicateIndex
-- interval: 5 min
-- Indexes that another one makes superfluous: same table, method, columns, operator classes, collations, order,
-- expressions and condition, and no more unique than it. Partitions follow their parent. The expressions are compared as
-- they are stored, without where in its statement each stood: deparsing them would open the table. Bytes are of the last
-- vacuum or analyze, as asking for the file opens the index.
WITH key AS (
    SELECT
        i.indexrelid,
        i.indrelid,
        c.relname,
        c.relnamespace,
        c.relpages,
        pg_catalog.first_value(c.relname) OVER alike AS kept,
        pg_catalog.row_number() OVER alike AS place
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = c.relam
    LEFT JOIN (SELECT DISTINCT conindid FROM pg_catalog.pg_constraint) k ON k.conindid = i.indexrelid
    WHERE i.indexrelid >= 16384
        AND c.relnamespace <> 'pg_toast'::regnamespace
        AND NOT c.relispartition
        AND i.indisvalid
        AND i.indrelid IN (
            SELECT o.indrelid
            FROM pg_catalog.pg_index o
            WHERE o.indexrelid >= 16384
            GROUP BY o.indrelid, o.indkey::int2[]
            HAVING count(*) > 1)
    WINDOW alike AS (
        PARTITION BY
            i.indrelid,
            i.indkey::text,
            i.indclass::text,
            i.indcollation::text,
            i.indoption::text,
            i.indnkeyatts,
            c.relam,
            CASE WHEN m.amname <> 'btree' THEN c.reloptions::text END,
            CASE WHEN i.indexprs IS NOT NULL
                THEN pg_catalog.regexp_replace(i.indexprs::text, ' :location -?\d+', '', 'g') END,
            CASE WHEN i.indpred IS NOT NULL
                THEN pg_catalog.regexp_replace(i.indpred::text, ' :location -?\d+', '', 'g') END
        ORDER BY
            i.indisprimary DESC,
            i.indisreplident DESC,
            k.conindid IS NOT NULL DESC,
            i.indisunique DESC,
            i.indexrelid
    )
)
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    k.relname::text AS index,
    k.kept::text AS same_as,
    k.relpages::int8 * pg_catalog.current_setting('block_size')::int8 AS estimated_bytes,
    count(*) OVER () AS duplicates,
    pg_catalog.sum(k.relpages::int8 * pg_catalog.current_setting('block_size')::int8) OVER ()::int8 AS duplicate_bytes
FROM key k
JOIN pg_catalog.pg_class t ON t.oid = k.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
WHERE k.place > 1
ORDER BY k.relpages DESC, n.nspname, k.relname
LIMIT 20
