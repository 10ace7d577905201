CREATE TABLE ui_testing.screenshots (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id         bigint NOT NULL REFERENCES ui_testing.test_runs (id) ON DELETE CASCADE,
    test_result_id bigint REFERENCES ui_testing.test_results (id) ON DELETE SET NULL,
    page           text NOT NULL,
    state          text NOT NULL DEFAULT 'loaded',
    width          ui_testing.pixels NOT NULL,
    height         ui_testing.pixels NOT NULL,
    pixel_ratio    numeric(3, 2) NOT NULL DEFAULT 1 CHECK (pixel_ratio BETWEEN 0.5 AND 4),
    storage_path   text NOT NULL UNIQUE,
    thumbnail      bytea,
    size_bytes     integer NOT NULL CHECK (size_bytes > 0),
    is_baseline    boolean NOT NULL DEFAULT false,
    taken_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, page, state, width)
);
CREATE INDEX screenshots_test_result_id_idx ON ui_testing.screenshots (test_result_id) WHERE test_result_id IS NOT NULL;
CREATE INDEX screenshots_baseline_idx ON ui_testing.screenshots (page, state, width, taken_at DESC) WHERE is_baseline;
COMMENT ON TABLE ui_testing.screenshots IS
    'Pictures of pages taken by a run; the pictures themselves are in object storage';
COMMENT ON COLUMN ui_testing.screenshots.state IS 'Of the page: loaded, menu open, error shown...';
COMMENT ON COLUMN ui_testing.screenshots.is_baseline IS
    'What later pictures of the same page, state and width are compared with';

CREATE TABLE ui_testing.visual_comparisons (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    baseline_id      bigint NOT NULL REFERENCES ui_testing.screenshots (id) ON DELETE CASCADE,
    screenshot_id    bigint NOT NULL REFERENCES ui_testing.screenshots (id) ON DELETE CASCADE,
    algorithm        text NOT NULL DEFAULT 'pixelmatch' CHECK (algorithm IN ('pixelmatch', 'ssim', 'perceptual_hash')),
    difference       double precision NOT NULL CHECK (difference BETWEEN 0 AND 1),
    threshold        double precision NOT NULL DEFAULT 0.01 CHECK (threshold BETWEEN 0 AND 1),
    is_match         boolean NOT NULL GENERATED ALWAYS AS (difference <= threshold) STORED,
    regions          jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(regions) = 'array'),
    review           text CHECK (review IN ('accepted', 'rejected')),
    reviewed_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (baseline_id, screenshot_id, algorithm),
    CHECK (baseline_id <> screenshot_id),
    CHECK ((review IS NULL) = (reviewed_at IS NULL))
);
CREATE INDEX visual_comparisons_screenshot_id_idx ON ui_testing.visual_comparisons (screenshot_id);
CREATE INDEX visual_comparisons_to_review_idx ON ui_testing.visual_comparisons (created_at)
    WHERE NOT is_match AND review IS NULL;
COMMENT ON TABLE ui_testing.visual_comparisons IS 'Screenshots against their baselines';
COMMENT ON COLUMN ui_testing.visual_comparisons.difference IS '0 the same to 1 wholly different';
COMMENT ON COLUMN ui_testing.visual_comparisons.regions IS 'Where they differ: [{"x", "y", "width", "height"}]';
