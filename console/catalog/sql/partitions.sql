-- record: Relation
-- interval: on demand
-- One page of a partitioned table's partitions, by name, with their bounds.
SELECT
    c.oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS relkind,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    c.relkind = 'p' AS is_partitioned,
    c.relkind = 'p' AND c.relhassubclass AS has_partitions,
    pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
    i.inhdetachpending AS is_detaching
FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.inhparent = %(oid)s::oid
    AND c.relispartition
    AND (c.relname, c.oid) > (%(after_name)s::name, %(after_oid)s::oid)
ORDER BY c.relname, c.oid
LIMIT %(page_size)s::int
