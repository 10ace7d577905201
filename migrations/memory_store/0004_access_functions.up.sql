CREATE FUNCTION memory_store.count_access() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE memory_store.memories
    SET access_count = access_count + 1,
        last_accessed_at = greatest(last_accessed_at, NEW.accessed_at)
    WHERE id = NEW.memory_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION memory_store.count_access() IS
    'AFTER INSERT trigger on memory_accesses: keeps access_count and last_accessed_at';

CREATE TRIGGER count_access AFTER INSERT ON memory_store.memory_accesses
    FOR EACH ROW EXECUTE FUNCTION memory_store.count_access();

CREATE PROCEDURE memory_store.forget_expired(batch_size integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM memory_store.memories
    WHERE id IN (SELECT id FROM memory_store.memories
                 WHERE expires_at <= now()
                 ORDER BY expires_at
                 LIMIT batch_size
                 FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON PROCEDURE memory_store.forget_expired(integer) IS
    'Deletes at most so many expired memories, and waits for nobody';
