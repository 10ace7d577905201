-- record: FunctionBody
-- interval: on demand
-- The users' functions by name, and those of the triggers of relations by the relations' names ("schema.name"; "" where
-- none is meant): what they run. What an extension brings is left out.
SELECT
    n.nspname::text AS schema,
    p.proname::text AS name,
    l.lanname::text AS language,
    CASE WHEN p.prosqlbody IS NOT NULL THEN pg_catalog.pg_get_function_sqlbody(p.oid) ELSE p.prosrc END AS body,
    coalesce(t.fires_on, '') AS fires_on,
    coalesce(t.events, '{}') AS events
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
LEFT JOIN LATERAL (
    SELECT tn.nspname || '.' || c.relname AS fires_on,
        ARRAY(SELECT e.word FROM (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE'), (32, 'TRUNCATE')) AS e (bit, word)
              WHERE g.tgtype & e.bit <> 0) AS events
    FROM pg_catalog.pg_trigger AS g
    JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid
    JOIN pg_catalog.pg_namespace AS tn ON tn.oid = c.relnamespace
    WHERE g.tgfoid = p.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
        AND (tn.nspname || '.' || c.relname) = ANY (%(tables)s::text[])
) AS t ON true
WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND (p.proname = ANY (%(names)s::text[]) OR t.fires_on IS NOT NULL)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
                    WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 1, 2
