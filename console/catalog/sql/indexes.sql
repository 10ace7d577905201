-- record: Index
-- interval: on demand
-- The indexes of a relation, the primary key's first. An index under an ACCESS EXCLUSIVE lock (REINDEX) has no size;
-- such a lock on the table itself makes pg_get_indexdef, and so all of this, wait.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT
    c.oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    pg_catalog.pg_get_indexdef(c.oid) AS definition,
    m.amname::text AS method,
    i.indisprimary AS is_primary,
    i.indisunique AS is_unique,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    i.indisclustered AS is_clustered,
    i.indisreplident AS is_replica_identity,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
    k.conname::text AS "constraint",
    coalesce(c.reloptions, '{}') AS options,
    t.spcname::text AS tablespace,
    ARRAY(
        SELECT x.extname::text
        FROM pg_catalog.pg_depend dx
        JOIN pg_catalog.pg_extension x ON x.oid = dx.refobjid
        WHERE dx.classid = 'pg_catalog.pg_class'::regclass AND dx.objid = c.oid AND dx.deptype = 'x'
            AND dx.refclassid = 'pg_catalog.pg_extension'::regclass
        ORDER BY 1
    ) AS needed_extensions,
    (
        SELECT ARRAY[pn.nspname::text, pc.relname::text]
        FROM pg_catalog.pg_inherits h
        JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
        JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
        JOIN pg_catalog.pg_index pi ON pi.indexrelid = h.inhparent
        WHERE h.inhrelid = c.oid AND (k.oid IS NULL OR NOT pi.indisvalid
            -- A key of the partition under a plain index of the parent: only the key of a parent takes it up by itself.
            OR NOT EXISTS (SELECT FROM pg_catalog.pg_constraint pk WHERE pk.conindid = h.inhparent))
    ) AS parent,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    ARRAY(
        SELECT ARRAY[a.attnum::int, a.attstattarget::int] FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND nullif(a.attstattarget, -1) IS NOT NULL
        ORDER BY a.attnum
    ) AS statistics_targets,
    CASE WHEN c.relkind = 'i' AND NOT EXISTS (SELECT FROM locked l WHERE l.relation = c.oid)
        THEN pg_catalog.pg_relation_size(c.oid) END AS size_bytes,
    s.idx_scan AS scans,
    s.idx_tup_read AS entries_read
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = c.oid
WHERE i.indrelid = %(oid)s::oid
ORDER BY i.indisprimary DESC, c.relname
