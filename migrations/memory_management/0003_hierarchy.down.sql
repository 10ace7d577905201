DROP VIEW memory_management.current_memories;
DROP FUNCTION memory_management.strength(real, interval, timestamptz, timestamptz);
DROP TRIGGER move_descendants ON memory_management.memory_nodes;
DROP TRIGGER set_path ON memory_management.memory_nodes;
DROP FUNCTION memory_management.move_descendants();
DROP FUNCTION memory_management.set_path();
