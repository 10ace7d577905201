DROP TABLE memory_store.memory_accesses;
DROP TABLE memory_store.memory_links;
DROP TABLE memory_store.memories;
DROP TABLE memory_store.agents;
DROP TYPE memory_store.memory_kind;
