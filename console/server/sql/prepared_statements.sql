-- record: ReachedObject
-- interval: on demand
-- The texts of statements that this session has prepared.
SELECT
    'prepared' AS kind,
    0::bigint AS oid,
    '' AS schema,
    s.name,
    'EXECUTE ' || s.name AS via,
    'sql' AS language,
    false AS is_volatile,
    NULL::text AS extension,
    s.statement AS body,
    '{}'::text[] AS mentions
FROM pg_catalog.pg_prepared_statements s
WHERE s.name = ANY (%(names)s::text[])
