-- record: SequenceUse
-- interval: 5 min
-- How much of its values each sequence has given out, against its own limit or that of the smallest column that takes
-- them: its owner, and every column whose default draws from it, whose type may be a domain. Left out are those that
-- nobody can exhaust (more than 2^40 steps, some thirty years of a thousand a second), and temporary ones. Reading a
-- sequence's value locks it until the transaction ends, and the lock table is finite: so only the 500 whose tables have
-- taken most rows are read, and none that somebody is altering.
WITH RECURSIVE integer_type AS (
    SELECT 'int2'::regtype::oid AS oid, 32767::int8 AS last
    UNION ALL
    SELECT 'int4'::regtype::oid, 2147483647
    UNION ALL
    SELECT d.oid, i.last
    FROM integer_type i
    JOIN pg_catalog.pg_type d ON d.typbasetype = i.oid AND d.typtype = 'd'
), taker AS (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS column_number, true AS is_owner
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT d.refobjid, v.adrelid, v.adnum, false
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.refobjid
    JOIN pg_catalog.pg_attrdef v ON v.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
), narrowest AS (
    SELECT DISTINCT ON (k.sequence)
        k.sequence,
        c.oid,
        c.relname,
        c.reltuples,
        a.attname,
        i.last
    FROM taker k
    JOIN pg_catalog.pg_class c ON c.oid = k.relation
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.relation AND a.attnum = k.column_number
    LEFT JOIN integer_type i ON i.oid = a.atttypid
    ORDER BY k.sequence, i.last NULLS LAST, k.is_owner DESC, c.oid, a.attnum
), sequence AS (
    SELECT
        c.oid,
        c.relname,
        c.relnamespace,
        k.relname AS "table",
        k.attname AS "column",
        q.seqincrement,
        CASE WHEN q.seqincrement < 0 THEN greatest(q.seqmin, -k.last - 1) ELSE q.seqmin END AS seqmin,
        CASE WHEN q.seqincrement < 0 THEN q.seqmax ELSE least(q.seqmax, k.last) END AS last_possible,
        CASE WHEN q.seqincrement < 0 THEN q.seqmin < -k.last - 1 ELSE q.seqmax > k.last END AS is_column_smaller,
        greatest(k.reltuples, pg_catalog.pg_stat_get_tuples_inserted(k.oid)) AS rows_taken
    FROM pg_catalog.pg_sequence q
    JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
    LEFT JOIN narrowest k ON k.sequence = q.seqrelid
    WHERE NOT q.seqcycle AND c.relpersistence = 'p'
), finite AS (
    SELECT s.*, count(*) OVER () AS sequences
    FROM sequence s
    WHERE (s.last_possible::numeric - s.seqmin) / abs(s.seqincrement::numeric) < 1099511627776
    ORDER BY s.rows_taken DESC NULLS LAST, s.oid
    LIMIT 500
), used AS (
    SELECT
        f.*,
        p.may_read,
        CASE WHEN p.may_read THEN pg_catalog.pg_sequence_last_value(f.oid) END AS last_value
    FROM finite f
    CROSS JOIN LATERAL (SELECT pg_catalog.has_sequence_privilege(f.oid, 'SELECT, USAGE')) p (may_read)
    WHERE f.oid NOT IN (
        SELECT l.relation
        FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'relation' AND l.relation IS NOT NULL
            AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    )
)
SELECT
    n.nspname::text AS schema,
    u.relname::text AS sequence,
    u."table"::text AS "table",
    u."column"::text AS "column",
    coalesce(u.is_column_smaller, false) AS is_column_smaller,
    u.last_value,
    CASE WHEN u.seqincrement > 0 THEN u.last_possible ELSE u.seqmin END AS last_possible,
    CASE WHEN u.last_value IS NULL THEN 0
        WHEN u.seqincrement > 0 THEN (u.last_value - u.seqmin::numeric) / greatest(1, u.last_possible - u.seqmin::numeric)
        ELSE (u.last_possible - u.last_value::numeric) / greatest(1, u.last_possible - u.seqmin::numeric)
    END::float8 * 100 AS used_percent,
    u.sequences,
    count(*) OVER () AS examined,
    count(*) FILTER (WHERE NOT u.may_read) OVER () AS unreadable,
    (min(n.nspname) FILTER (WHERE NOT u.may_read) OVER ())::text AS unreadable_schema
FROM used u
JOIN pg_catalog.pg_namespace n ON n.oid = u.relnamespace
ORDER BY used_percent DESC, n.nspname, u.relname
LIMIT 20
