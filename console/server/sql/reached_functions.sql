-- record: ReachedObject
-- interval: on demand
-- Functions by OID, and those of operators and casts: what they are written in, and what their stored expressions and
-- aggregates mention. Of PostgreSQL's own those alone that may act.
WITH called AS (
    SELECT u.oid, '' AS via
    FROM pg_catalog.unnest(%(functions)s::oid[]) AS u (oid)
    UNION ALL
    SELECT o.oprcode, pg_catalog.format('the operator %%I.%%s', n.nspname, o.oprname)
    FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oid = ANY (%(operators)s::oid[]) AND o.oid >= 16384
    UNION ALL
    SELECT k.castfunc,
        'the cast from ' || pg_catalog.format_type(k.castsource, NULL) || ' to '
            || pg_catalog.format_type(k.casttarget, NULL)
    FROM pg_catalog.pg_cast k
    WHERE k.oid = ANY (%(casts)s::oid[])
)
SELECT
    'function' AS kind,
    p.oid::bigint AS oid,
    n.nspname::text AS schema,
    p.proname::text AS name,
    c.via,
    l.lanname::text AS language,
    p.provolatile = 'v' AS is_volatile,
    (
        SELECT e.extname::text
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
            AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
    ) AS extension,
    CASE WHEN p.oid >= 16384 AND p.prosqlbody IS NULL AND l.lanname IN ('sql', 'plpgsql', 'internal') THEN p.prosrc
        ELSE '' END AS body,
    CASE WHEN p.oid < 16384 THEN '{}' ELSE ARRAY(
        SELECT CASE WHEN m[1] IN ('opno', 'eqop', 'sortop') THEN 'operator' WHEN m[1] = 'relid' THEN 'relation'
            WHEN m[1] = 'resulttype' THEN 'type' ELSE 'function' END || ' ' || m[2]
        FROM pg_catalog.regexp_matches(pg_catalog.concat(p.prosqlbody, p.proargdefaults),
            ':(funcid|opfuncid|aggfnoid|winfnoid|opno|eqop|sortop|relid|resulttype) ([1-9][0-9]*)', 'g') AS m
        UNION
        SELECT 'type ' || u.oid
        FROM pg_catalog.unnest(p.proargtypes || p.prorettype || p.proallargtypes) AS u (oid)
        WHERE u.oid >= 16384
        UNION
        SELECT 'cast ' || k.oid
        FROM pg_catalog.pg_cast k, LATERAL (SELECT pg_catalog.concat(p.prosqlbody, p.proargdefaults)) AS e (tree)
        WHERE k.castfunc >= 16384 AND k.casttarget = 'pg_catalog.json'::regtype AND (
            e.tree ~ 'JSONCONSTRUCTOREXPR' OR EXISTS (
                SELECT
                FROM pg_catalog.regexp_matches(e.tree, ':(funcid|aggfnoid) ([1-9][0-9]*)', 'g') AS m
                JOIN pg_catalog.pg_proc f ON f.oid = m[2]::oid
                WHERE f.proname ~ 'json'))
        UNION
        SELECT 'function ' || u.oid::oid
        FROM pg_catalog.pg_aggregate a,
            pg_catalog.unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]) AS u (oid)
        WHERE a.aggfnoid = p.oid AND u.oid <> 0
    ) END AS mentions
FROM called c
JOIN pg_catalog.pg_proc p ON p.oid = c.oid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 OR p.provolatile = 'v' OR p.proname ~ %(running)s
