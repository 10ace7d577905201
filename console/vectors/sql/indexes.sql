-- record: VectorIndex
-- interval: on demand
-- The indexes of a relation and its partitions that can serve ORDER BY with an operator on vectors, whatever their
-- access method. One that is locked (REINDEX) has no size.
WITH RECURSIVE family AS (
    SELECT %(relation)s::oid AS oid
    UNION ALL
    SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
),
locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT
    i.indexrelid::bigint AS oid,
    i.indrelid::bigint AS relation_oid,
    rn.nspname::text AS schema,
    rc.relname::text AS relation,
    ic.relname::text AS name,
    am.amname::text AS method,
    opc.opcname::text AS operator_class,
    pg_catalog.format_type(opc.opcintype, NULL) AS operand_type,
    ARRAY(
        SELECT DISTINCT op.oprname::text
        FROM pg_catalog.pg_amop ao
        JOIN pg_catalog.pg_operator op ON op.oid = ao.amopopr
        WHERE ao.amopfamily = opc.opcfamily AND ao.amoppurpose = 'o' AND ao.amoplefttype = opc.opcintype
    ) AS operators,
    nullif(i.indkey[0], 0)::int AS position,
    pg_catalog.pg_get_indexdef(i.indexrelid, 1, true) AS expression,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    coalesce(ic.reloptions, '{}') AS options,
    CASE WHEN ic.relkind = 'i' AND NOT EXISTS (SELECT FROM locked l WHERE l.relation = ic.oid)
        THEN pg_catalog.pg_relation_size(ic.oid) END AS size_bytes,
    CASE WHEN ic.relkind = 'i' AND ic.relpages > 0 AND ic.reltuples BETWEEN 0 AND 1e15 THEN ic.reltuples / ic.relpages END::float8
        AS tuples_per_page,
    s.idx_scan AS scans,
    ic.relkind = 'I' AS is_partitioned,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM family f
JOIN pg_catalog.pg_index i ON i.indrelid = f.oid
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_class rc ON rc.oid = i.indrelid
JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = ic.relam
JOIN pg_catalog.pg_opclass opc ON opc.oid = i.indclass[0]
JOIN pg_catalog.pg_type t ON t.oid = opc.opcintype
LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
WHERE t.typname IN ('vector', 'halfvec', 'sparsevec', 'bit')
    AND EXISTS (
        SELECT FROM pg_catalog.pg_amop ao
        WHERE ao.amopfamily = opc.opcfamily AND ao.amoppurpose = 'o' AND ao.amoplefttype = opc.opcintype
    )
ORDER BY i.indrelid <> %(relation)s::oid, rc.relname, ic.relname
