-- dbconsole: requires=platform/0004
CREATE TYPE inference_enhancement.node_kind AS ENUM ('concept', 'person', 'organisation', 'product', 'place', 'event',
                                                     'document');
COMMENT ON TYPE inference_enhancement.node_kind IS 'What a node of the knowledge graph stands for';

CREATE TABLE inference_enhancement.knowledge_nodes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        inference_enhancement.node_kind NOT NULL,
    name        text NOT NULL CHECK (name <> ''),
    description text NOT NULL DEFAULT '',
    aliases     text[] NOT NULL DEFAULT '{}',
    properties  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(properties) = 'object'),
    confidence  real NOT NULL DEFAULT 1 CHECK (confidence BETWEEN 0 AND 1),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, name)
);
COMMENT ON TABLE inference_enhancement.knowledge_nodes IS 'Things that the knowledge graph knows';
COMMENT ON COLUMN inference_enhancement.knowledge_nodes.confidence IS
    '0 to 1: how sure it is that this exists as described';

CREATE TABLE inference_enhancement.knowledge_edges (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id  bigint NOT NULL REFERENCES inference_enhancement.knowledge_nodes (id) ON DELETE CASCADE,
    target_id  bigint NOT NULL REFERENCES inference_enhancement.knowledge_nodes (id) ON DELETE CASCADE,
    relation   text NOT NULL CHECK (relation ~ '^[a-z]+(_[a-z]+)*$'),
    weight     real NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1),
    evidence   jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(evidence) = 'array'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source_id, relation, target_id),
    CHECK (source_id <> target_id)
);
CREATE INDEX knowledge_edges_target_id_idx ON inference_enhancement.knowledge_edges (target_id, relation);
COMMENT ON TABLE inference_enhancement.knowledge_edges IS
    'Directed relations between nodes: source, relation, target';
COMMENT ON COLUMN inference_enhancement.knowledge_edges.evidence IS 'Where it was read: [{"source", "quote"}]';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON inference_enhancement.knowledge_nodes
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON inference_enhancement.knowledge_edges
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
