-- record: TableTuples
-- needs: extension pgstattuple
-- interval: on demand
-- Reads every page of the table: as long as that takes.
SELECT
    t.table_len AS total_bytes,
    t.tuple_count AS live_rows,
    t.tuple_len AS live_bytes,
    t.dead_tuple_count AS dead_rows,
    t.dead_tuple_len AS dead_bytes,
    t.free_space AS free_bytes
FROM :"pgstattuple".pgstattuple(%(oid)s::oid::regclass) t
