-- record: Relation
-- interval: on demand
-- One page of a schema's relations of some kinds (relkind letters), by name; partitions are under their parents,
-- members of extensions under the extension.
SELECT
    c.oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS relkind,
    CASE WHEN c.reltuples BETWEEN 0 AND 1e15 THEN c.reltuples END::float8 AS row_estimate,
    c.relkind = 'p' AS is_partitioned,
    c.relkind = 'p' AND c.relhassubclass AS has_partitions,
    NULL::text AS bound,
    false AS is_detaching
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relnamespace = %(schema)s::oid
    AND c.relkind = ANY (%(relkinds)s::text[])
    AND NOT c.relispartition
    AND (c.relname, c.oid) > (%(after_name)s::name, %(after_oid)s::oid)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY c.relname, c.oid
LIMIT %(page_size)s::int
