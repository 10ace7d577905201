-- record: ConstraintFacts
-- interval: on demand
-- The constraints of the relations that a plan names, and the foreign keys that reference them.
SELECT
    a.name AS asked,
    k.conname::text AS name,
    k.contype::text AS kind,
    k.convalidated AS is_validated,
    k.conrelid <> pg_catalog.to_regclass(a.name) AS is_incoming,
    ARRAY(
        SELECT t.attname::text FROM pg_catalog.pg_attribute t
        WHERE t.attrelid = k.conrelid AND t.attnum = ANY (k.conkey)
    ) AS columns,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    n.nspname::text AS table_schema,
    c.relname::text AS table_name,
    rn.nspname::text AS references_schema,
    rc.relname::text AS references_name
FROM pg_catalog.unnest(%(names)s::text[]) AS a (name)
JOIN pg_catalog.pg_constraint k ON pg_catalog.to_regclass(a.name) IN (k.conrelid, k.confrelid)
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class rc ON rc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
WHERE k.conrelid <> 0
ORDER BY a.name, k.conname
