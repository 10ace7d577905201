CREATE FUNCTION memory_management.set_path() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    parent_path bigint[] := '{}';
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT path INTO parent_path
        FROM memory_management.memory_nodes
        WHERE id = NEW.parent_id AND context_id = NEW.context_id
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'memory node % has no parent % in its context', NEW.id, NEW.parent_id
                USING ERRCODE = 'foreign_key_violation';
        ELSIF NEW.id = ANY (parent_path) THEN
            RAISE EXCEPTION 'memory node % cannot be placed below itself', NEW.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.path := parent_path || NEW.id;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION memory_management.set_path() IS
    'BEFORE trigger: path is the parent''s path and the node''s id; no cycles';

CREATE FUNCTION memory_management.move_descendants() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE memory_management.memory_nodes
    SET path = NEW.path || path[cardinality(OLD.path) + 1:]
    WHERE path @> ARRAY[NEW.id] AND id <> NEW.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION memory_management.move_descendants() IS
    'AFTER trigger on a new parent: the branch below moves along';

CREATE TRIGGER set_path BEFORE INSERT OR UPDATE OF parent_id, context_id ON memory_management.memory_nodes
    FOR EACH ROW EXECUTE FUNCTION memory_management.set_path();
CREATE TRIGGER move_descendants AFTER UPDATE OF parent_id ON memory_management.memory_nodes
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION memory_management.move_descendants();

CREATE FUNCTION memory_management.strength(importance real, half_life interval, last_use timestamptz, at timestamptz)
RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT importance * power(0.5::double precision,
                              greatest(extract(epoch FROM at - last_use), 0)::double precision
                              / extract(epoch FROM half_life)::double precision)
$$;
COMMENT ON FUNCTION memory_management.strength(real, interval, timestamptz, timestamptz) IS
    'Importance, halved for each half_life since the last use';

CREATE VIEW memory_management.current_memories AS
SELECT n.id, n.context_id, c.session_key, n.parent_id, n.depth, n.level, n.title, n.token_count,
       memory_management.strength(n.importance, n.half_life, coalesce(n.recalled_at, n.created_at), now()) AS strength
FROM memory_management.memory_nodes AS n
JOIN memory_management.contexts AS c ON c.id = n.context_id
WHERE c.status <> 'closed';
COMMENT ON VIEW memory_management.current_memories IS 'Memories of contexts in use, with their strength now';
