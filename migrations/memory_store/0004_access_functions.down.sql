DROP PROCEDURE memory_store.forget_expired(integer);
DROP TRIGGER count_access ON memory_store.memory_accesses;
DROP FUNCTION memory_store.count_access();
