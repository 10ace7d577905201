-- dbconsole: lock-timeout=3s
DROP POLICY reporting ON memory_store.memory_accesses;
DROP POLICY reporting ON memory_store.memory_links;
DROP POLICY reporting ON memory_store.memories;
DROP POLICY administration ON memory_store.memory_accesses;
DROP POLICY administration ON memory_store.memory_links;
DROP POLICY administration ON memory_store.memories;
DROP POLICY accesses_of_own_memories ON memory_store.memory_accesses;
DROP POLICY links_of_own_memories ON memory_store.memory_links;
DROP POLICY own_memories ON memory_store.memories;

ALTER TABLE memory_store.memory_accesses DISABLE ROW LEVEL SECURITY;
ALTER TABLE memory_store.memory_links DISABLE ROW LEVEL SECURITY;
ALTER TABLE memory_store.memories DISABLE ROW LEVEL SECURITY;
