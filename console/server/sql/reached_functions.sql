-- record: ReachedObject
-- interval: on demand
-- The functions that calls, operators and casts may mean, by name in the schemas of a search_path (none: in any), and
-- those with the OIDs given. arguments: -1 for any number, -2 for a column or a function of its row. Of PostgreSQL's own
-- those alone that may act. What a stored expression calls stands in it by OID.
WITH called AS (
    SELECT p.oid, '' AS via
    FROM ROWS FROM (pg_catalog.unnest(%(call_schemas)s::text[]), pg_catalog.unnest(%(call_names)s::text[]),
        pg_catalog.unnest(%(call_arguments)s::int[])) AS c (schema, name, arguments)
    JOIN pg_catalog.pg_proc p ON p.proname = c.name
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE CASE
            WHEN c.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
            WHEN c.schema <> '' THEN n.nspname = c.schema
            ELSE n.nspname = ANY (%(path)s::text[]) OR %(path)s::text[] = '{}'
        END
        AND CASE c.arguments
            WHEN -1 THEN true
            WHEN -2 THEN p.pronargs - p.pronargdefaults <= 1 AND EXISTS (
                SELECT FROM pg_catalog.pg_type t WHERE t.oid = p.proargtypes[0] AND t.typtype IN ('c', 'p'))
            ELSE p.provariadic <> 0 OR c.arguments BETWEEN p.pronargs - p.pronargdefaults AND p.pronargs
        END
    UNION
    SELECT u.oid, '' FROM pg_catalog.unnest(%(oids)s::oid[]) AS u (oid)
    UNION
    SELECT o.oprcode, pg_catalog.format('the operator %%I.%%s', n.nspname, o.oprname)
    FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oid >= 16384 AND (o.oid = ANY (%(operator_oids)s::oid[]) OR EXISTS (
        SELECT
        FROM ROWS FROM (pg_catalog.unnest(%(operator_schemas)s::text[]), pg_catalog.unnest(%(operator_names)s::text[]))
        AS w (schema, name)
        WHERE w.name = o.oprname AND CASE
            WHEN w.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
            WHEN w.schema <> '' THEN n.nspname = w.schema
            ELSE n.nspname = ANY (%(path)s::text[]) OR %(path)s::text[] = '{}'
        END))
    UNION
    SELECT k.castfunc,
        'the cast from ' || pg_catalog.format_type(k.castsource, NULL) || ' to '
            || pg_catalog.format_type(k.casttarget, NULL)
    FROM pg_catalog.pg_cast k
    JOIN pg_catalog.pg_type t ON t.oid = k.casttarget
    WHERE k.oid >= 16384 AND k.castfunc <> 0 AND (k.castcontext = 'i' OR t.typname = ANY (%(type_names)s::text[]))
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
WHERE p.oid >= 16384 OR p.provolatile = 'v' OR p.proname = ANY (%(acting)s::text[])
