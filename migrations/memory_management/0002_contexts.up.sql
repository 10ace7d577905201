-- dbconsole: requires=platform/0005
CREATE TYPE memory_management.memory_level AS ENUM ('working', 'episodic', 'semantic', 'core');
COMMENT ON TYPE memory_management.memory_level IS 'From what is at hand to what always holds';

CREATE TABLE memory_management.contexts (
    id            uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    session_key   text NOT NULL,
    title         text NOT NULL CHECK (title <> ''),
    purpose       text NOT NULL DEFAULT 'chat' CHECK (purpose IN ('chat', 'coding', 'research', 'planning', 'support')),
    status        text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paused', 'closed')),
    token_budget  integer NOT NULL DEFAULT 8192 CHECK (token_budget > 0),
    tokens_used   integer NOT NULL DEFAULT 0 CHECK (tokens_used >= 0),
    state         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(state) = 'object'),
    last_used_at  timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (session_key, title)
);
CREATE INDEX contexts_open_idx ON memory_management.contexts (last_used_at DESC) WHERE status = 'open';
COMMENT ON TABLE memory_management.contexts IS 'Working contexts of assistants: what belongs to one task';
COMMENT ON COLUMN memory_management.contexts.session_key IS 'Whose and which session, as the client names it';
COMMENT ON COLUMN memory_management.contexts.token_budget IS 'Tokens that may go into a prompt from here';

CREATE TABLE memory_management.memory_nodes (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    context_id     uuid NOT NULL REFERENCES memory_management.contexts (id) ON DELETE CASCADE,
    parent_id      bigint,
    path           bigint[] NOT NULL,
    depth          integer NOT NULL GENERATED ALWAYS AS (cardinality(path) - 1) STORED,
    level          memory_management.memory_level NOT NULL DEFAULT 'working',
    title          text NOT NULL CHECK (title <> ''),
    content        text NOT NULL,
    token_count    integer NOT NULL CHECK (token_count >= 0),
    importance     real NOT NULL DEFAULT 0.5 CHECK (importance BETWEEN 0 AND 1),
    half_life      interval NOT NULL DEFAULT '7 days' CHECK (half_life > '0'),
    attributes     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    recalled_at    timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (context_id, id),
    CONSTRAINT memory_nodes_parent_fkey FOREIGN KEY (context_id, parent_id)
        REFERENCES memory_management.memory_nodes (context_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_nodes_path_check CHECK (path[cardinality(path)] = id AND cardinality(path) BETWEEN 1 AND 32)
);
CREATE INDEX memory_nodes_parent_id_idx ON memory_management.memory_nodes (context_id, parent_id);
CREATE INDEX memory_nodes_level_idx ON memory_management.memory_nodes (context_id, level, importance DESC);
COMMENT ON TABLE memory_management.memory_nodes IS
    'Memories as a tree within a context: details below what sums them up';
COMMENT ON COLUMN memory_management.memory_nodes.path IS 'Ids from the root down to this node; kept by a trigger';
COMMENT ON COLUMN memory_management.memory_nodes.depth IS '0 for a root';
COMMENT ON COLUMN memory_management.memory_nodes.half_life IS 'After so long without recall a memory counts half';
COMMENT ON CONSTRAINT memory_nodes_parent_fkey ON memory_management.memory_nodes IS
    'A parent is in the same context';

CREATE TABLE memory_management.memory_relations (
    source_id  bigint NOT NULL REFERENCES memory_management.memory_nodes (id) ON DELETE CASCADE,
    target_id  bigint NOT NULL REFERENCES memory_management.memory_nodes (id) ON DELETE CASCADE,
    relation   text NOT NULL CHECK (relation IN ('causes', 'contradicts', 'refines', 'mentions', 'precedes')),
    weight     real NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, target_id, relation),
    CHECK (source_id <> target_id)
);
CREATE INDEX memory_relations_target_id_idx ON memory_management.memory_relations (target_id, relation);
COMMENT ON TABLE memory_management.memory_relations IS
    'What the tree does not say: relations across branches and contexts';

CREATE TABLE memory_management.consolidation_runs (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    context_id     uuid NOT NULL REFERENCES memory_management.contexts (id) ON DELETE CASCADE,
    strategy       text NOT NULL CHECK (strategy IN ('summarise', 'merge', 'promote', 'forget')),
    nodes_before   integer NOT NULL CHECK (nodes_before >= 0),
    nodes_after    integer NOT NULL CHECK (nodes_after >= 0),
    tokens_saved   integer NOT NULL DEFAULT 0,
    report         jsonb NOT NULL DEFAULT '{}',
    started_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz CHECK (finished_at >= started_at)
);
CREATE INDEX consolidation_runs_context_id_idx ON memory_management.consolidation_runs (context_id, started_at DESC);
COMMENT ON TABLE memory_management.consolidation_runs IS
    'When memories of a context were summed up, merged, promoted or forgotten';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON memory_management.contexts
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON memory_management.memory_nodes
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
