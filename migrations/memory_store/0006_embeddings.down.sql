-- dbconsole: lock-timeout=3s
DROP FUNCTION memory_store.search_memories(public.vector, uuid, integer);
ALTER TABLE memory_store.memories DROP COLUMN embedding;
