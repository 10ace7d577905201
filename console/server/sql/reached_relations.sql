-- record: ReachedObject
-- interval: on demand
-- Relations by OID, each with what reading it runs: a view's query, policies, virtual columns, foreign partitions, and
-- what the planner evaluates where it is constant: expressions and conditions of indexes, of partitions, of statistics,
-- CHECK constraints, and the casts that functions for JSON call; of a temporary table, which may be written to although the transaction is read-only, also
-- triggers, defaults and all constraints. via is the kind of relation.
SELECT
    'relation' AS kind,
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' ELSE 'table' END AS via,
    '' AS language,
    false AS is_volatile,
    NULL::text AS extension,
    '' AS body,
    ARRAY(
        SELECT CASE WHEN m[1] IN ('opno', 'eqop', 'sortop') THEN 'operator' WHEN m[1] = 'relid' THEN 'relation'
            WHEN m[1] = 'resulttype' THEN 'type' ELSE 'function' END || ' ' || m[2]
        FROM (
            SELECT r.ev_action::text
            FROM pg_catalog.pg_rewrite r
            WHERE r.ev_class = c.oid AND c.relkind = 'v'
            UNION ALL
            SELECT pg_catalog.concat(p.polqual, p.polwithcheck)
            FROM pg_catalog.pg_policy p
            WHERE p.polrelid = c.oid AND c.relrowsecurity
            UNION ALL
            SELECT d.adbin::text
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = c.oid AND (a.attgenerated = 'v' OR c.relpersistence = 't')
            UNION ALL
            SELECT k.conbin::text
            FROM pg_catalog.pg_constraint k
            WHERE k.conrelid = c.oid AND (k.contype = 'c' OR c.relpersistence = 't')
            UNION ALL
            SELECT pg_catalog.concat(x.indexprs, x.indpred)
            FROM pg_catalog.pg_index x
            WHERE x.indrelid = c.oid
            UNION ALL
            SELECT p.partexprs::text
            FROM pg_catalog.pg_partitioned_table p
            WHERE p.partrelid = c.oid
            UNION ALL
            SELECT s.stxexprs::text
            FROM pg_catalog.pg_statistic_ext s
            WHERE s.stxrelid = c.oid
        ) AS e (tree), pg_catalog.regexp_matches(e.tree,
            ':(funcid|opfuncid|aggfnoid|winfnoid|opno|eqop|sortop|relid|resulttype) ([1-9][0-9]*)', 'g') AS m
        UNION
        SELECT 'function ' || t.tgfoid
        FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND c.relpersistence = 't'
        UNION
        SELECT 'cast ' || k.oid
        FROM pg_catalog.pg_cast k
        WHERE k.castfunc >= 16384 AND k.casttarget = 'pg_catalog.json'::regtype AND EXISTS (
            SELECT
            FROM pg_catalog.pg_rewrite r, LATERAL (SELECT r.ev_action::text) AS e (tree)
            WHERE r.ev_class = c.oid AND c.relkind = 'v' AND (e.tree ~ 'JSONCONSTRUCTOREXPR' OR EXISTS (
                SELECT
                FROM pg_catalog.regexp_matches(e.tree, ':(funcid|aggfnoid) ([1-9][0-9]*)', 'g') AS m
                JOIN pg_catalog.pg_proc f ON f.oid = m[2]::oid
                WHERE f.proname ~ 'json')))
        UNION
        SELECT 'relation ' || i.inhrelid
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class h ON h.oid = i.inhrelid
        WHERE i.inhparent = c.oid AND (h.relkind = 'f' OR h.relhassubclass
            OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = h.oid AND k.contype = 'c')
            OR EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = h.oid
                AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL))
            OR EXISTS (SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = h.oid AND s.stxexprs IS NOT NULL))
    ) AS mentions
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'v', 'p', 'f') AND c.oid = ANY (%(oids)s::oid[])
