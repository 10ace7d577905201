CREATE MATERIALIZED VIEW analytics.model_accuracy AS
SELECT m.id AS model_id, m.name, m.version, count(*) AS predictions,
       avg(p.absolute_error) AS mean_absolute_error,
       sqrt(avg(p.absolute_error * p.absolute_error)) AS root_mean_square_error,
       avg((p.actual BETWEEN p.lower_bound AND p.upper_bound)::integer)::double precision AS coverage
FROM analytics.prediction_models AS m
JOIN analytics.predictions AS p ON p.model_id = m.id
WHERE p.actual IS NOT NULL
GROUP BY m.id, m.name, m.version;
CREATE UNIQUE INDEX model_accuracy_model_id_idx ON analytics.model_accuracy (model_id);
COMMENT ON MATERIALIZED VIEW analytics.model_accuracy IS 'How well models predicted what is known by now';
COMMENT ON COLUMN analytics.model_accuracy.coverage IS '0 to 1: share of actual values within the bounds';

-- Kinds and confidences differ from dataset to dataset, which the planner cannot know from the columns one by one.
CREATE STATISTICS analytics.patterns_kind_dataset (ndistinct, dependencies, mcv)
    ON dataset_id, kind, confidence FROM analytics.patterns;
COMMENT ON STATISTICS analytics.patterns_kind_dataset IS 'Kinds of patterns differ from dataset to dataset';

CREATE PROCEDURE analytics.record_actual(wanted_subject text, wanted_target_at timestamptz, value double precision)
LANGUAGE sql
AS $$
    UPDATE analytics.predictions
    SET actual = value
    WHERE subject = wanted_subject AND target_at = wanted_target_at AND actual IS NULL
$$;
COMMENT ON PROCEDURE analytics.record_actual(text, timestamptz, double precision) IS
    'Enters what was, for all predictions of a subject at a time';
