-- dbconsole: requires=platform/0005
CREATE TYPE memory_store.memory_kind AS ENUM ('fact', 'preference', 'event', 'procedure', 'reflection');
COMMENT ON TYPE memory_store.memory_kind IS 'What is remembered';

CREATE TABLE memory_store.agents (
    id          uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{1,62}$'),
    description text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE memory_store.agents IS 'Who remembers';

CREATE TABLE memory_store.memories (
    id               uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    agent_id         uuid NOT NULL REFERENCES memory_store.agents (id) ON DELETE CASCADE,
    kind             memory_store.memory_kind NOT NULL,
    content          text NOT NULL CHECK (content <> ''),
    importance       real NOT NULL DEFAULT 0.5 CHECK (importance BETWEEN 0 AND 1),
    source           text NOT NULL DEFAULT 'conversation'
                     CHECK (source IN ('conversation', 'document', 'tool', 'inference', 'import')),
    metadata         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    superseded_by    uuid REFERENCES memory_store.memories (id) ON DELETE SET NULL,
    access_count     integer NOT NULL DEFAULT 0 CHECK (access_count >= 0),
    last_accessed_at timestamptz,
    expires_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (superseded_by <> id)
);
CREATE INDEX memories_agent_id_kind_idx ON memory_store.memories (agent_id, kind, importance DESC);
CREATE INDEX memories_superseded_by_idx ON memory_store.memories (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX memories_expires_at_idx ON memory_store.memories (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE memory_store.memories IS 'What agents remember for good';
COMMENT ON COLUMN memory_store.memories.importance IS '0 to 1';
COMMENT ON COLUMN memory_store.memories.superseded_by IS 'The newer memory that says otherwise';
COMMENT ON COLUMN memory_store.memories.metadata IS 'Conversation, subject, confidence, tags';

CREATE TABLE memory_store.memory_links (
    source_id  uuid NOT NULL REFERENCES memory_store.memories (id) ON DELETE CASCADE,
    target_id  uuid NOT NULL REFERENCES memory_store.memories (id) ON DELETE CASCADE,
    relation   text NOT NULL CHECK (relation IN ('supports', 'contradicts', 'follows', 'explains', 'similar')),
    strength   real NOT NULL DEFAULT 1 CHECK (strength > 0 AND strength <= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, target_id, relation),
    CHECK (source_id <> target_id)
);
CREATE INDEX memory_links_target_id_idx ON memory_store.memory_links (target_id, relation);
COMMENT ON TABLE memory_store.memory_links IS 'How memories bear on each other';

CREATE TABLE memory_store.memory_accesses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    memory_id   uuid NOT NULL REFERENCES memory_store.memories (id) ON DELETE CASCADE,
    query       text NOT NULL,
    distance    double precision CHECK (distance >= 0),
    was_useful  boolean,
    accessed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX memory_accesses_memory_id_idx ON memory_store.memory_accesses (memory_id, accessed_at DESC);
CREATE INDEX memory_accesses_accessed_at_idx ON memory_store.memory_accesses USING brin (accessed_at);
COMMENT ON TABLE memory_store.memory_accesses IS
    'Which memory was found for which question, and whether it helped';
COMMENT ON COLUMN memory_store.memory_accesses.was_useful IS 'NULL while nobody has judged';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON memory_store.agents
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON memory_store.memories
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
