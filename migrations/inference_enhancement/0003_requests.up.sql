-- dbconsole: requires=platform/0005
CREATE TABLE inference_enhancement.models (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE,
    provider        text NOT NULL,
    purpose         text NOT NULL CHECK (purpose IN ('embedding', 'generation', 'reranking')),
    dimensions      integer CHECK (dimensions BETWEEN 1 AND 16000),
    context_tokens  integer NOT NULL CHECK (context_tokens > 0),
    price_per_token numeric(14, 10) NOT NULL DEFAULT 0 CHECK (price_per_token >= 0),
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT models_embedding_dimensions_check CHECK ((purpose = 'embedding') = (dimensions IS NOT NULL))
);
COMMENT ON TABLE inference_enhancement.models IS 'Models that embed, generate or rerank';
COMMENT ON COLUMN inference_enhancement.models.dimensions IS 'Of embedding models only';
COMMENT ON COLUMN inference_enhancement.models.price_per_token IS 'US dollars';

CREATE TABLE inference_enhancement.prompt_templates (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    version    integer NOT NULL CHECK (version >= 1),
    template   text NOT NULL,
    variables  text[] NOT NULL DEFAULT '{}',
    is_current boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, version)
);
CREATE UNIQUE INDEX prompt_templates_current_key ON inference_enhancement.prompt_templates (name) WHERE is_current;
COMMENT ON TABLE inference_enhancement.prompt_templates IS 'Prompts with placeholders, every version of them';
COMMENT ON INDEX inference_enhancement.prompt_templates_current_key IS
    'At most one version of a template is current';

CREATE TABLE inference_enhancement.inference_requests (
    id                 uuid PRIMARY KEY DEFAULT platform.uuidv7(),
    model_id           bigint NOT NULL REFERENCES inference_enhancement.models (id) ON DELETE RESTRICT,
    prompt_template_id bigint REFERENCES inference_enhancement.prompt_templates (id) ON DELETE SET NULL,
    prompt             text NOT NULL,
    response           text,
    status             text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'streaming', 'done', 'failed')),
    parameters         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object'),
    input_tokens       integer NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
    output_tokens      integer NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
    total_tokens       integer NOT NULL GENERATED ALWAYS AS (input_tokens + output_tokens) STORED,
    latency_ms         integer CHECK (latency_ms >= 0),
    rating             smallint CHECK (rating BETWEEN 1 AND 5),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inference_requests_model_id_idx ON inference_enhancement.inference_requests (model_id, created_at DESC);
CREATE INDEX inference_requests_prompt_template_id_idx ON inference_enhancement.inference_requests (prompt_template_id)
    WHERE prompt_template_id IS NOT NULL;
CREATE INDEX inference_requests_unfinished_idx ON inference_enhancement.inference_requests (created_at)
    WHERE status IN ('pending', 'streaming');
COMMENT ON TABLE inference_enhancement.inference_requests IS 'What was asked of a model, and what came back';
COMMENT ON COLUMN inference_enhancement.inference_requests.rating IS
    '1 to 5, by the person who asked; NULL without';

CREATE TABLE inference_enhancement.request_nodes (
    request_id uuid NOT NULL REFERENCES inference_enhancement.inference_requests (id) ON DELETE CASCADE,
    node_id    bigint NOT NULL REFERENCES inference_enhancement.knowledge_nodes (id) ON DELETE CASCADE,
    rank       smallint NOT NULL CHECK (rank >= 1),
    distance   double precision,
    PRIMARY KEY (request_id, node_id),
    UNIQUE (request_id, rank)
);
CREATE INDEX request_nodes_node_id_idx ON inference_enhancement.request_nodes (node_id);
COMMENT ON TABLE inference_enhancement.request_nodes IS
    'Which knowledge went into a request''s prompt, nearest first';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON inference_enhancement.models
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON inference_enhancement.inference_requests
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
