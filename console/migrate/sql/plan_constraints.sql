-- record: ConstraintFacts
-- interval: on demand
-- The constraints of the relations that a plan names, and the foreign keys that reference them.
WITH asked AS MATERIALIZED (
    SELECT DISTINCT ON (a.name) a.name, r.oid
    FROM ROWS FROM (pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(schemas)s::text[]),
                    pg_catalog.unnest(%(relations)s::text[])) AS a (name, schema, relation)
    JOIN pg_catalog.pg_class r ON r.relname = a.relation::name
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace AND (s.nspname = a.schema::name
        OR a.schema IS NULL AND s.nspname = ANY (%(path)s::text[]) AND pg_catalog.has_schema_privilege(s.oid, 'USAGE'))
    ORDER BY a.name, pg_catalog.array_position(%(path)s::text[], s.nspname::text)
),
touching AS (
    SELECT a.name, k.oid, false AS is_incoming
    FROM asked a
    JOIN pg_catalog.pg_constraint k ON k.conrelid = a.oid
    UNION ALL
    SELECT a.name, k.oid, true
    FROM asked a
    JOIN pg_catalog.pg_constraint k ON k.confrelid = a.oid AND k.conrelid <> a.oid AND k.contype = 'f'
)
SELECT
    a.name AS asked,
    k.conname::text AS name,
    k.contype::text AS kind,
    k.convalidated AS is_validated,
    a.is_incoming,
    ARRAY(
        SELECT t.attname::text FROM pg_catalog.pg_attribute t
        WHERE t.attrelid = k.conrelid AND t.attnum = ANY (k.conkey)
    ) AS columns,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    n.nspname::text AS table_schema,
    c.relname::text AS table_name,
    rn.nspname::text AS references_schema,
    rc.relname::text AS references_name
FROM touching a
JOIN pg_catalog.pg_constraint k ON k.oid = a.oid
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class rc ON rc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
ORDER BY a.name, k.conname
