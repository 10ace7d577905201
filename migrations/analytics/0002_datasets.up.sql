-- dbconsole: requires=platform/0004
CREATE TABLE analytics.datasets (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{1,62}$'),
    title        text NOT NULL,
    description  text NOT NULL DEFAULT '',
    source       text NOT NULL CHECK (source IN ('upload', 'api', 'database', 'stream')),
    format       text NOT NULL CHECK (format IN ('csv', 'parquet', 'json', 'table')),
    row_count    bigint NOT NULL DEFAULT 0 CHECK (row_count >= 0),
    size_bytes   bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    statistics   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(statistics) = 'object'),
    refreshed_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX datasets_refreshed_at_idx ON analytics.datasets (refreshed_at NULLS FIRST);
COMMENT ON TABLE analytics.datasets IS 'Sets of data that can be drawn, searched for patterns and predicted from';
COMMENT ON COLUMN analytics.datasets.statistics IS 'Per column: minimum, maximum, mean, nulls, distinct values';

CREATE TABLE analytics.dataset_columns (
    dataset_id  bigint NOT NULL REFERENCES analytics.datasets (id) ON DELETE CASCADE,
    position    smallint NOT NULL CHECK (position >= 1),
    name        text NOT NULL,
    data_type   text NOT NULL CHECK (data_type IN ('integer', 'number', 'text', 'boolean', 'date', 'timestamp', 'category')),
    unit        text,
    is_nullable boolean NOT NULL DEFAULT true,
    description text NOT NULL DEFAULT '',
    PRIMARY KEY (dataset_id, position),
    UNIQUE (dataset_id, name)
);
COMMENT ON TABLE analytics.dataset_columns IS 'Columns of datasets, in order';

CREATE TABLE analytics.visualisations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset_id bigint NOT NULL REFERENCES analytics.datasets (id) ON DELETE CASCADE,
    title      text NOT NULL CHECK (title <> ''),
    chart_type text NOT NULL CHECK (chart_type IN ('line', 'bar', 'scatter', 'histogram', 'heatmap', 'map', 'table')),
    definition jsonb NOT NULL CHECK (definition ? 'encoding'),
    is_public  boolean NOT NULL DEFAULT false,
    views      bigint NOT NULL DEFAULT 0 CHECK (views >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (dataset_id, title)
);
CREATE INDEX visualisations_public_idx ON analytics.visualisations (views DESC) WHERE is_public;
COMMENT ON TABLE analytics.visualisations IS 'Charts of datasets';
COMMENT ON COLUMN analytics.visualisations.definition IS
    'In the manner of Vega-Lite: at least {"encoding": {...}}';

CREATE TABLE analytics.patterns (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset_id   bigint NOT NULL REFERENCES analytics.datasets (id) ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('trend', 'seasonality', 'anomaly', 'cluster', 'correlation', 'change_point')),
    description  text NOT NULL,
    column_names text[] NOT NULL CHECK (cardinality(column_names) > 0),
    confidence   double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    support      integer NOT NULL CHECK (support > 0),
    valid_during tstzrange NOT NULL,
    parameters   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object'),
    found_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (NOT isempty(valid_during))
);
CREATE INDEX patterns_dataset_id_idx ON analytics.patterns (dataset_id, kind, confidence DESC);
COMMENT ON TABLE analytics.patterns IS 'Regularities found in datasets';
COMMENT ON COLUMN analytics.patterns.support IS 'Rows that show it';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON analytics.datasets
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON analytics.visualisations
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
