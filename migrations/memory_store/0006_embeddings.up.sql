-- dbconsole: requires-extension=vector
-- dbconsole: lock-timeout=3s
ALTER TABLE memory_store.memories ADD COLUMN embedding public.vector(384);
COMMENT ON COLUMN memory_store.memories.embedding IS
    'Of content, 384 dimensions, unit length, compared by cosine distance; NULL until computed';

CREATE FUNCTION memory_store.search_memories(query public.vector, agent uuid, max_rows integer DEFAULT 10)
RETURNS TABLE (memory_id uuid, content text, kind memory_store.memory_kind, distance double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT m.id, m.content, m.kind, m.embedding OPERATOR(public.<=>) query AS distance
    FROM memory_store.memories AS m
    WHERE m.agent_id = agent AND m.embedding IS NOT NULL
    ORDER BY m.embedding OPERATOR(public.<=>) query
    LIMIT max_rows
$$;
COMMENT ON FUNCTION memory_store.search_memories(public.vector, uuid, integer) IS
    'An agent''s memories nearest to a query, by cosine distance';
