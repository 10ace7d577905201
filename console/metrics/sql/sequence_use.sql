-- record: SequenceUse
-- interval: 5 min
-- How much of its values each sequence has given out, against its own limit or that of the column that owns it, whichever
-- comes first. Left out are those that nobody can exhaust (more than 2^40 steps, some thirty years of a thousand a
-- second), and temporary ones. Reading a sequence's value locks it until the transaction ends, and the lock table is
-- finite: so only the 500 whose tables have taken most rows are read, and none that somebody is altering.
WITH sequence AS (
    SELECT
        c.oid,
        c.relname,
        c.relnamespace,
        owner.relname AS "table",
        a.attname AS "column",
        q.seqincrement,
        q.seqmin,
        least(q.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END)
            AS last_possible,
        q.seqmax > CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END
            AS is_column_smaller,
        greatest(owner.reltuples, pg_catalog.pg_stat_get_tuples_inserted(owner.oid)) AS rows_taken
    FROM pg_catalog.pg_sequence q
    JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_catalog.pg_class owner ON owner.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
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
        CASE WHEN pg_catalog.has_sequence_privilege(f.oid, 'SELECT, USAGE')
            THEN pg_catalog.pg_sequence_last_value(f.oid) END AS last_value
    FROM finite f
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
    count(*) OVER () AS examined
FROM used u
JOIN pg_catalog.pg_namespace n ON n.oid = u.relnamespace
ORDER BY used_percent DESC, n.nspname, u.relname
LIMIT 20
