-- record: RelationSize
-- interval: 30 s
-- Sizes of the relations that are on the screen. pg_relation_size waits for ACCESS EXCLUSIVE locks:
-- a relation that is locked so has no size. Indexes and TOAST are counted in total_bytes; a partitioned table has none.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
), free AS MATERIALIZED (
    SELECT c.oid, c.relkind
    FROM pg_catalog.pg_class c
    WHERE c.oid = ANY (%(oids)s::oid[])
        AND c.relkind IN ('r', 'm', 'S', 't', 'i')
        AND NOT EXISTS (SELECT FROM locked l WHERE l.relation IN (c.oid, c.reltoastrelid))
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_index i JOIN locked l ON l.relation = i.indexrelid WHERE i.indrelid = c.oid
        )
)
SELECT
    f.oid,
    pg_catalog.pg_relation_size(f.oid) AS heap_bytes,
    pg_catalog.pg_indexes_size(f.oid) AS index_bytes,
    pg_catalog.pg_table_size(f.oid) - pg_catalog.pg_relation_size(f.oid)
        - pg_catalog.pg_relation_size(f.oid, 'fsm') - pg_catalog.pg_relation_size(f.oid, 'vm')
        - pg_catalog.pg_relation_size(f.oid, 'init') AS toast_bytes,
    pg_catalog.pg_total_relation_size(f.oid) AS total_bytes
FROM free f
