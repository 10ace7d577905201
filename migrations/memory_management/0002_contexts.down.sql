DROP TABLE memory_management.consolidation_runs;
DROP TABLE memory_management.memory_relations;
DROP TABLE memory_management.memory_nodes;
DROP TABLE memory_management.contexts;
DROP TYPE memory_management.memory_level;
