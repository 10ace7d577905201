-- dbconsole: no-transaction
-- A branch is path @> ARRAY[id of its root].
CREATE INDEX CONCURRENTLY memory_nodes_path_idx ON memory_management.memory_nodes USING gin (path);
CREATE INDEX CONCURRENTLY memory_nodes_attributes_idx ON memory_management.memory_nodes
    USING gin (attributes jsonb_path_ops);
CREATE INDEX CONCURRENTLY contexts_state_idx ON memory_management.contexts USING gin (state jsonb_path_ops);
