-- dbconsole: requires=platform/0004
-- Unlogged: a cache costs no WAL, and may be empty after a crash.
CREATE UNLOGGED TABLE web_access.cache_entries (
    url_md5      uuid PRIMARY KEY,
    url          text NOT NULL CHECK (url ~ '^https?://'),
    status_code  smallint NOT NULL CHECK (status_code BETWEEN 100 AND 599),
    content_type text,
    headers      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(headers) = 'object'),
    body         bytea,
    size_bytes   integer NOT NULL GENERATED ALWAYS AS (coalesce(length(body), 0)) STORED,
    etag         text,
    hits         bigint NOT NULL DEFAULT 0 CHECK (hits >= 0),
    fetched_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT cache_entries_url_md5_check CHECK (url_md5 = md5(url)::uuid)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX cache_entries_expires_at_idx ON web_access.cache_entries (expires_at);
COMMENT ON TABLE web_access.cache_entries IS 'Web pages as last fetched (unlogged: empty after a crash)';
COMMENT ON COLUMN web_access.cache_entries.url_md5 IS 'Key: addresses may be longer than an index entry';
COMMENT ON COLUMN web_access.cache_entries.body IS 'As received, decompressed';

CREATE TABLE web_access.search_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    query        text NOT NULL CHECK (query <> ''),
    engine       text NOT NULL,
    language     text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}$'),
    filters      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filters) = 'object'),
    results      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(results) = 'array'),
    result_count integer NOT NULL GENERATED ALWAYS AS (jsonb_array_length(results)) STORED,
    clicked_url  text,
    duration_ms  integer NOT NULL CHECK (duration_ms >= 0),
    searched_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_history_engine_idx ON web_access.search_history (engine, searched_at DESC);
CREATE INDEX search_history_searched_at_idx ON web_access.search_history (searched_at DESC);
COMMENT ON TABLE web_access.search_history IS
    'Searches on the web: what was asked of which engine, and what came back';
COMMENT ON COLUMN web_access.search_history.results IS '[{"title", "url", "snippet"}], in the engine''s order';

CREATE TABLE web_access.screenshots (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url             text NOT NULL CHECK (url ~ '^https?://'),
    title           text,
    viewport_width  integer NOT NULL CHECK (viewport_width BETWEEN 200 AND 8000),
    viewport_height integer NOT NULL CHECK (viewport_height BETWEEN 200 AND 8000),
    full_page       boolean NOT NULL DEFAULT false,
    storage_path    text NOT NULL UNIQUE,
    size_bytes      integer NOT NULL CHECK (size_bytes > 0),
    metadata        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    taken_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX screenshots_url_idx ON web_access.screenshots (url, taken_at DESC);
COMMENT ON TABLE web_access.screenshots IS 'Pictures of web pages; the pictures themselves are in object storage';
COMMENT ON COLUMN web_access.screenshots.viewport_width IS 'CSS pixels';
COMMENT ON COLUMN web_access.screenshots.viewport_height IS 'CSS pixels';
