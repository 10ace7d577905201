-- record: ReachedObject
-- interval: on demand
-- Types by OID, each with what making a value of it runs: a domain's constraints, those of the types that it is made
-- of, and a range's own functions.
SELECT
    'type' AS kind,
    t.oid::bigint AS oid,
    n.nspname::text AS schema,
    t.typname::text AS name,
    'type' AS via,
    '' AS language,
    false AS is_volatile,
    NULL::text AS extension,
    '' AS body,
    ARRAY(
        SELECT CASE WHEN m[1] IN ('opno', 'eqop', 'sortop') THEN 'operator' WHEN m[1] = 'resulttype' THEN 'type'
            ELSE 'function' END || ' ' || m[2]
        FROM pg_catalog.pg_constraint k, pg_catalog.regexp_matches(k.conbin::text,
            ':(funcid|opfuncid|opno|eqop|sortop|resulttype) ([1-9][0-9]*)', 'g') AS m
        WHERE k.contypid = t.oid
        UNION
        SELECT 'type ' || u.oid
        FROM pg_catalog.unnest(ARRAY[t.typbasetype, t.typelem]) AS u (oid)
        WHERE u.oid >= 16384
        UNION
        SELECT 'type ' || a.atttypid
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND a.atttypid >= 16384
        UNION
        SELECT 'type ' || r.rngsubtype
        FROM pg_catalog.pg_range r
        WHERE t.oid IN (r.rngtypid, r.rngmultitypid) AND r.rngsubtype >= 16384
        UNION
        SELECT 'function ' || f.oid::oid
        FROM pg_catalog.pg_range r, pg_catalog.unnest(ARRAY[r.rngcanonical, r.rngsubdiff]) AS f (oid)
        WHERE t.oid IN (r.rngtypid, r.rngmultitypid) AND f.oid <> 0
    ) AS mentions
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND t.oid = ANY (%(oids)s::oid[])
