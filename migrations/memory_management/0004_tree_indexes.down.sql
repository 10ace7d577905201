-- dbconsole: no-transaction
-- IF EXISTS: a run that stopped half-way made only some of them.
DROP INDEX CONCURRENTLY IF EXISTS memory_management.contexts_state_idx;
DROP INDEX CONCURRENTLY IF EXISTS memory_management.memory_nodes_attributes_idx;
DROP INDEX CONCURRENTLY IF EXISTS memory_management.memory_nodes_path_idx;
