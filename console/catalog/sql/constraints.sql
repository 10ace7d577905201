-- record: Constraint
-- interval: on demand
-- The constraints of a relation, and the foreign keys of others that refer to it (is_incoming).
-- Row triggers' own constraints ('t') are among the triggers.
SELECT
    k.oid,
    k.conname::text AS name,
    k.contype::text AS contype,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    k.confrelid = %(oid)s::oid AND k.conrelid <> %(oid)s::oid AS is_incoming,
    n.nspname::text AS schema,
    c.relname::text AS relation,
    fn.nspname::text AS referenced_schema,
    fc.relname::text AS referenced_relation,
    ARRAY(
        SELECT a.attname::text
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, i)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
        ORDER BY u.i
    ) AS columns,
    k.convalidated AS is_validated,
    true AS is_enforced,
    k.condeferrable AS is_deferrable,
    k.conislocal AS is_local,
    k.conparentid <> 0 AS is_inherited,
    k.connoinherit AS is_no_inherit,
    pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
WHERE k.contype <> 't'
    AND (k.conrelid = %(oid)s::oid OR (k.confrelid = %(oid)s::oid AND k.conparentid = 0))
ORDER BY
    5, pg_catalog.array_position(ARRAY['p', 'u', 'x', 'c', 'f', 'n'], k.contype::text), n.nspname, c.relname, k.conname
